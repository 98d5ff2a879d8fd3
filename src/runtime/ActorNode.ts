import type { RestartKind } from "./Actor.ts"
import type { Overflow } from "./Mailbox.ts"
import type { RestartStrategy } from "./RestartStrategy.ts"

/**
 * Where an actor stands. "backoff": it has failed, or was taken down with a sibling, and waits to be started again.
 * The last two are final.
 */
export type ActorState = "starting" | "running" | "backoff" | "stopping" | "stopped" | "failed"

export interface MailboxGauge {
  readonly depth: number
  readonly capacity: number
  readonly overflow: Overflow
  readonly dropped: number
}

/** One actor or supervisor of the live tree, as plain data. */
export interface ActorNode {
  /** "/" for the root, "/control/jobs/42" below. */
  readonly path: string
  readonly name: string
  readonly kind: "actor" | "supervisor"
  readonly state: ActorState
  /** When it came into this state: milliseconds since 1970. */
  readonly since: number
  readonly restart: RestartKind
  /** How often it was started again, whoever's failure it was. */
  readonly restarts: number
  /** Why it failed last: the error's message, bounded. */
  readonly lastError?: string
  /** Actors only. */
  readonly mailbox?: MailboxGauge
  /** Supervisors only. */
  readonly strategy?: RestartStrategy
  /** In start order. */
  readonly children: ReadonlyArray<ActorNode>
  /** The last children that failed and left the tree, oldest first: a supervisor keeps 32. */
  readonly lost: ReadonlyArray<ActorNode>
}

/** The tree from here down, parents before their children. */
export const flatten = (node: ActorNode): ReadonlyArray<ActorNode> => [
  node,
  ...node.children.flatMap(flatten)
]

/** Whether everything from here down does its work: nothing starts, waits for a restart, stops or has failed. */
export const isHealthy = (node: ActorNode): boolean =>
  node.state === "running" && node.children.every(isHealthy)
