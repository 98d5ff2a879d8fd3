import { Effect } from "effect"
import { type ActorNode, type ActorState, flatten } from "../ActorNode.ts"
import { ActorSystem } from "../ActorSystem.ts"
import { groupOf } from "../Child.ts"
import { counter, gauge, metricSet } from "./Metric.ts"

const metrics = {
  actors: gauge("walstream_actors", "Actors and supervisors, by what they do at the moment", "state"),
  restarts: counter(
    "walstream_actor_restarts_total",
    "How often actors were started again, by branch of the supervision tree",
    "group"
  ),
  depth: gauge(
    "walstream_mailbox_depth",
    "Messages that wait in the fullest mailbox of a branch of the supervision tree",
    "group"
  ),
  dropped: counter(
    "walstream_mailbox_dropped_total",
    "Messages that the mailboxes of a branch of the supervision tree did not take",
    "group"
  )
}

const states = [
  "starting",
  "running",
  "backoff",
  "stopping",
  "stopped",
  "failed"
] satisfies ReadonlyArray<ActorState>

/** By branch; a branch is there as long as it has an actor. */
const byGroup = (
  nodes: ReadonlyArray<ActorNode>,
  of: (node: ActorNode) => number,
  join: (a: number, b: number) => number
): ReadonlyMap<string, number> => {
  const groups = new Map<string, number>()
  for (const node of nodes) {
    const group = groupOf(node.path)
    groups.set(group, join(groups.get(group) ?? 0, of(node)))
  }
  return groups
}

/** What the supervision tree comes to. Branches are named in the code, actors may be named after jobs. */
export const actorMetrics = metricSet(
  metrics,
  Effect.gen(function* () {
    const system = yield* ActorSystem
    const nodes = flatten(yield* system.tree)
    const restarts = yield* system.restarts
    const groups = byGroup(
      nodes,
      () => 0,
      () => 0
    )
    return [
      metrics.actors.by(states.map((state) => [state, nodes.filter((node) => node.state === state).length])),
      // From the first scrape on: the first restart is an increase from 0.
      metrics.restarts.by(new Map([...groups, ...restarts])),
      metrics.depth.by(byGroup(nodes, ({ mailbox }) => mailbox?.depth ?? 0, Math.max)),
      metrics.dropped.by(
        byGroup(
          nodes,
          ({ mailbox }) => mailbox?.dropped ?? 0,
          (a, b) => a + b
        )
      )
    ]
  })
)
