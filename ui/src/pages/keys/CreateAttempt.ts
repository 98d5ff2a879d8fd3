import { type Accessor, createSignal } from "solid-js"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { useApp } from "../../state/App.ts"

export interface Attempt {
  readonly busy: Accessor<boolean>
  readonly problem: Accessor<ApiProblem | undefined>
  /** Fails into `problem`; else the list of keys is asked for anew. */
  readonly run: <A>(act: () => Promise<A>, done: (result: A) => void) => Promise<void>
}

/** A change of the keys, under way or refused. */
export const createAttempt = (): Attempt => {
  const { cache } = useApp()
  const [busy, setBusy] = createSignal(false)
  const [problem, setProblem] = createSignal<ApiProblem>()
  return {
    busy,
    problem,
    run: async (act, done) => {
      setBusy(true)
      setProblem(undefined)
      try {
        const result = await act()
        void cache.invalidateQueries({ queryKey: ["keys"] })
        done(result)
      } catch (error) {
        setProblem(asProblem(error))
      } finally {
        setBusy(false)
      }
    }
  }
}
