import { Effect, Stream } from "effect"
import * as Cause from "effect/Cause"
import { Wakeup } from "../../log/Wakeup.ts"
import type { EventFilter } from "../EventFilter.ts"
import type { EventSubscription } from "./EventSubscription.ts"
import type { LiveChannels } from "./LiveChannels.ts"

const encoder = new TextEncoder()

const record = (event: string, data: string, id?: string): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${event}\ndata: ${data}\n\n`

/** All that one frame may carry, as records of a `text/event-stream`; undefined when there is nothing. */
const recordsOf = (subscription: EventSubscription): string | undefined => {
  const taken = subscription.take()
  if (taken === undefined) return undefined
  if (taken._tag === "Notice") return record("notice", JSON.stringify(taken.notice))
  const lost = taken.dropped === 0 ? "" : record("dropped", JSON.stringify({ dropped: taken.dropped }))
  const events = taken.batches.flatMap((batch) => batch.events)
  return `${lost}${events.map(({ event, text }) => record("change", text, event.position)).join("")}`
}

export interface EventSourceOptions {
  readonly filter: EventFilter
  readonly after: string | null
  readonly ended: Effect.Effect<string>
  readonly heartbeatMillis: number
}

/**
 * Captured changes as server-sent events: `change` with its position as id, `dropped` and `notice` between them, a comment
 * when nothing comes, and `end` with the reason before the server ends it.
 */
export const eventSource = Effect.fnUntraced(function* (
  channels: LiveChannels["Service"],
  { filter, after, ended, heartbeatMillis }: EventSourceOptions
) {
  const bell = new Wakeup()
  const subscription = yield* channels.events(filter, after, () => bell.notify())
  let reason: string | null = null
  yield* ended.pipe(
    Effect.map((why) => {
      reason = why
      bell.notify()
    }),
    Effect.forkScoped
  )
  let isOver = false
  const pull = Effect.gen(function* () {
    if (isOver) return yield* Cause.done()
    for (;;) {
      const { next } = bell
      // Whatever waits: it is for nobody any more.
      if (reason !== null) {
        isOver = true
        return [encoder.encode(record("end", JSON.stringify({ reason })))] as const
      }
      const records = recordsOf(subscription)
      if (records !== undefined) return [encoder.encode(records)] as const
      const rung = yield* Effect.timeoutOption(next, heartbeatMillis)
      if (rung._tag === "None") return [encoder.encode(": heartbeat\n\n")] as const
    }
  })
  // The first byte tells the client that it is connected.
  return Stream.concat(
    Stream.succeed(encoder.encode(": connected\n\n")),
    Stream.fromPull(Effect.succeed(pull))
  )
})
