import type { Effect, Exit } from "effect"
import type { RestartKind } from "./Actor.ts"
import type { ActorNode } from "./ActorNode.ts"

/** What a supervisor knows of a child, be it an actor or a supervisor. */
export interface Child {
  readonly name: string
  readonly path: string
  readonly restart: RestartKind
  /** People know from itself why it failed, unless it was a defect. */
  readonly tellsErrors: boolean
  readonly restarts: number
  /** It is gone for good, or on its way there: not to be started again. */
  readonly leaving: boolean
  /** Monotonic milliseconds of its last start. */
  readonly startedAt: number
  readonly node: ActorNode
  /** Begins a life. It must not have one. */
  readonly start: () => void
  /** Begins a life after an earlier one: counted. */
  readonly startAgain: () => void
  /** Completes when it is no longer starting: it runs, or that life is over. */
  readonly started: Effect.Effect<void>
  /** Ends this life at once, to begin another later; what is in the mailbox stays. Waits, at most the stop deadline. */
  readonly halt: Effect.Effect<void>
  /** It has no life now but will be started again. The error where it failed. */
  readonly backOff: (error?: string) => void
  /** Ends it for good, in order, and waits for that. */
  readonly stop: Effect.Effect<void>
  /** It has no life and gets none any more: tells everybody who waits for it. */
  readonly finish: (exit: Exit.Exit<void, unknown>) => void
}

/** Whom a child reports to. */
export interface Parent {
  readonly path: string
  /** A life ended that nobody asked to end. Called once for each life, in no fiber. */
  readonly childExited: (child: Child, exit: Exit.Exit<unknown, unknown>) => void
  /** The child has ended for good and leaves the tree. */
  readonly childLeft: (child: Child, exit: Exit.Exit<void, unknown>) => void
}

export const pathOf = (parent: string, name: string): string =>
  parent === "/" ? `/${name}` : `${parent}/${name}`

/** The branch of the tree below the root that it is on; the root's own is "root". */
export const groupOf = (path: string): string => path.split("/")[1] || "root"
