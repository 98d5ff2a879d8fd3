import type { ActorJson } from "./api/ActorJson.ts"
import type { MetricsJson } from "./api/MetricsJson.ts"
import type { ProcessJson } from "./api/ProcessJson.ts"

/** The fullest mailboxes that are told of one process. */
const most = 5

const all = (actor: ActorJson): ReadonlyArray<ActorJson> => [actor, ...actor.children.flatMap(all)]

/** What a supervision tree comes to. */
export const processFigures = (process: ProcessJson): MetricsJson["processes"][number] => {
  const { id, role, host, pid, silent } = process
  const actors = all(process.actors)
  const sum = (of: (actor: ActorJson) => number) => actors.reduce((total, actor) => total + of(actor), 0)
  return {
    id,
    role,
    host,
    pid,
    silent,
    actors: actors.length,
    not_running: actors.filter(({ state }) => state !== "running").length,
    restarts: sum(({ restarts }) => restarts),
    dropped: sum(({ mailbox }) => mailbox?.dropped ?? 0),
    mailboxes: actors
      .flatMap(({ path, mailbox }) =>
        mailbox === null || mailbox.depth === 0
          ? []
          : [{ path, depth: mailbox.depth, capacity: mailbox.capacity }]
      )
      .sort((a, b) => b.depth - a.depth)
      .slice(0, most)
  }
}
