import type { ActorJson } from "../../../../src/control/api/ActorJson.ts"
import type { ProcessJson } from "../../../../src/control/api/ProcessJson.ts"
import type { Tone } from "../../kit/Marks.tsx"

/** One line of the supervision tree. */
export interface ActorRow {
  readonly path: string
  /** 0 for what stands directly in the process. */
  readonly depth: number
  readonly actor: ActorJson
}

const inOrder =
  (depth: number) =>
  (actor: ActorJson): ReadonlyArray<ActorRow> => [
    { path: actor.path, depth, actor },
    ...actor.children.flatMap(inOrder(depth + 1))
  ]

/** Supervisors before what they watch; the process itself, the root, is not among them. */
export const actorRows = ({ actors }: ProcessJson): ReadonlyArray<ActorRow> =>
  actors.children.flatMap(inOrder(0))

/** Below it a mailbox is not worth a look. */
const full = 0.8

/** It does not do its work, had to be started again, is hard to keep up for, or lost a message that it should not. */
const needsLook = ({ state, restarts, mailbox, last_error: error }: ActorJson): boolean =>
  state !== "running" ||
  restarts > 0 ||
  error !== null ||
  (mailbox !== null && mailbox.capacity > 1 && mailbox.depth >= mailbox.capacity * full)

/** Those that need a look, with the supervisors that they stand under. */
export const rowsToLookAt = (rows: ReadonlyArray<ActorRow>): ReadonlyArray<ActorRow> => {
  const wanted = rows.filter(({ actor }) => needsLook(actor)).map(({ path }) => path)
  return rows.filter(({ path }) => wanted.some((at) => at === path || at.startsWith(`${path}/`)))
}

const runShape = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+$/u

/** The replay that an actor runs: they are named by it and the number of the run. */
export const jobOf = ({ name }: ActorJson): string | null => runShape.exec(name)?.[1] ?? null

export const stateTone = ({ state, restarts, last_error: error }: ActorJson): Tone => {
  if (state === "failed") return "bad"
  if (state === "running") return restarts > 0 && error !== null ? "warn" : "ok"
  return state === "stopped" ? "idle" : "warn"
}

export const stateText: Readonly<Record<string, string>> = {
  starting: "starting",
  running: "running",
  backoff: "waits to start again",
  stopping: "stopping",
  stopped: "stopped",
  failed: "given up"
}

export interface TreeFigures {
  readonly actors: number
  readonly notRunning: number
  readonly restarts: number
}

export const treeFigures = (processes: ReadonlyArray<ProcessJson>): TreeFigures => {
  const all = processes.flatMap(actorRows).map(({ actor }) => actor)
  return {
    actors: all.length,
    notRunning: all.filter(({ state }) => state !== "running").length,
    restarts: all.reduce((sum, { restarts }) => sum + restarts, 0)
  }
}
