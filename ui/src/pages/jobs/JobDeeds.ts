import { createSignal } from "solid-js"
import type { JobJson } from "../../../../src/control/api/JobJson.ts"
import { allowedActions, type JobAction, type JobStatus } from "../../../../src/domain/JobStatus.ts"
import { type ApiProblem, asProblem } from "../../api/ApiProblem.ts"
import { statusText } from "../../kit/Marks.tsx"
import { jobTitle } from "../../lib/JobText.ts"
import { useApp } from "../../state/App.ts"

export type Deed = JobAction | "delete"

const doing: Readonly<Record<Deed, string>> = {
  start: "Starting…",
  pause: "Pausing…",
  resume: "Resuming…",
  cancel: "Cancelling…",
  delete: "Deleting…"
}
const done: Readonly<Record<JobAction, string>> = {
  start: "is started",
  pause: "is paused",
  resume: "goes on",
  cancel: "is cancelled"
}
const undo: Readonly<Partial<Record<JobAction, JobAction>>> = { pause: "resume", resume: "pause" }

/** Why it cannot be done now; null when it can. The server's own table decides. */
export const whyNot = (action: JobAction, status: JobStatus): string | null => {
  if (allowedActions(status).includes(action)) return null
  const can = allowedActions(status)
  const rest = can.length === 0 ? "nothing more can be done with it" : `it can ${can.join(" or ")}`
  return `A replay that is ${statusText(status).toLowerCase()} cannot ${action}: ${rest}`
}

/** What can be done with one replay, and what is being done with it. */
export const createJobDeeds = (job: () => JobJson) => {
  const { api, cache, toasts } = useApp()
  const [pending, setPending] = createSignal<Deed | null>(null)

  const send = (id: string, action: JobAction) => {
    const request = { params: { id } }
    switch (action) {
      case "start":
        return api.call("jobs.start", request)
      case "pause":
        return api.call("jobs.pause", request)
      case "resume":
        return api.call("jobs.resume", request)
      case "cancel":
        return api.call("jobs.cancel", request)
    }
  }

  /** Somebody else may have been faster. */
  const readAgain = async (id: string) => {
    await cache.invalidateQueries({ queryKey: ["job", id] })
    await cache.invalidateQueries({ queryKey: ["jobs"] })
  }
  const failed = async (title: string, error: unknown, id: string) => {
    toasts.show({ tone: "bad", title, detail: asProblem(error).message })
    await readAgain(id)
  }

  const act = async (action: JobAction): Promise<boolean> => {
    const { id } = job()
    const title = jobTitle(job())
    setPending(action)
    try {
      cache.setQueryData(["job", id], await send(id, action))
      void cache.invalidateQueries({ queryKey: ["jobs"] })
      const back = undo[action]
      toasts.show({
        tone: "ok",
        title: `${title} ${done[action]}`,
        ...(back === undefined ? {} : { action: { label: "Undo", run: () => void act(back) } })
      })
      return true
    } catch (error) {
      await failed(`${title} could not ${action}`, error, id)
      return false
    } finally {
      setPending(null)
    }
  }

  /** Null when it is gone; else why it is not, to be said where it was asked for. */
  const remove = async (): Promise<ApiProblem | null> => {
    const { id } = job()
    const title = jobTitle(job())
    setPending("delete")
    try {
      await api.call("jobs.remove", { params: { id } })
      void cache.invalidateQueries({ queryKey: ["jobs"] })
      toasts.show({ tone: "ok", title: `${title} is deleted` })
      return null
    } catch (error) {
      await readAgain(id)
      return asProblem(error)
    } finally {
      setPending(null)
    }
  }

  const update = async (change: { readonly speed_factor?: number | "max"; readonly name?: string }) => {
    const { id } = job()
    try {
      cache.setQueryData(["job", id], await api.call("jobs.update", { params: { id }, payload: change }))
    } catch (error) {
      await failed(`${jobTitle(job())} was not changed`, error, id)
    }
  }

  /** "Pausing…" while it is under way. */
  const label = (deed: Deed, idle: string): string => (pending() === deed ? doing[deed] : idle)

  return { pending, act, remove, update, label }
}
export type JobDeeds = ReturnType<typeof createJobDeeds>
