import { onCleanup } from "solid-js"
import { ProblemView } from "../kit/States.tsx"
import { useApp } from "../state/App.ts"
import { Brand } from "./Brand.tsx"

/** Milliseconds between two tries. */
const pause = 3_000

/** Who is here is not known yet, since nobody answers. It goes on trying. */
export const Away = (props: { readonly error: unknown }) => {
  const { session } = useApp()
  const timer = setInterval(() => void session.resume(), pause)
  onCleanup(() => clearInterval(timer))
  return (
    <main id="main" class="stack" data-component="away">
      <Brand />
      <h1 class="sr-only">WalStream</h1>
      <ProblemView error={props.error} onRetry={() => void session.resume()} />
    </main>
  )
}
