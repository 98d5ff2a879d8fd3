import { Clock, Effect, Option } from "effect"
import type { Coverage } from "../domain/Log.ts"
import { gauge, metricSet } from "../runtime/metrics/Metric.ts"
import { Archive } from "./Archive.ts"
import { LiveBuffer } from "./LiveBuffer.ts"

/** A store that takes longer tells nothing: a scrape must not wait for it. */
const patience = "2 seconds"

const held = {
  first: gauge(
    "walstream_coverage_first_seq",
    "The oldest transaction that a store holds without a hole",
    "store"
  ),
  next: gauge("walstream_coverage_next_seq", "The transaction after the newest that a store holds", "store"),
  age: gauge(
    "walstream_coverage_age_seconds",
    "How long ago, by our clock, a store is known to be complete; it stays low on an idle source",
    "store"
  ),
  up: gauge(
    "walstream_store_up",
    "Whether a store answers: Redis this scrape, Kafka within the last five seconds",
    "store"
  ),
  changes: gauge("walstream_live_buffer_changes", "Changes in the live buffer"),
  bytes: gauge("walstream_live_buffer_bytes", "Their size"),
  most: gauge(
    "walstream_live_buffer_max_changes",
    "REDIS_STREAM_MAXLEN: it is trimmed to stay below 85 % of it"
  )
}

const orNull = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A | null, never, R> =>
  effect.pipe(
    Effect.timeoutOption(patience),
    Effect.map(Option.getOrNull),
    Effect.orElseSucceed(() => null)
  )

/** What the stores hold, as this process sees them. */
export const storeMetrics = metricSet(
  held,
  Effect.gen(function* () {
    const archive = yield* Archive
    const buffer = yield* LiveBuffer
    const [archived, reached, buffered, stats] = yield* Effect.all(
      [
        orNull(archive.coverage),
        // What is known of a log may be held in memory, long after its server has gone.
        orNull(Effect.as(archive.reach, true)),
        orNull(buffer.coverage),
        orNull(buffer.stats)
      ],
      { concurrency: 4 }
    )
    const now = (yield* Clock.currentTimeMillis) * 1000
    const known = (of: (coverage: Coverage) => number | null): ReadonlyArray<[string, number | null]> => [
      ["archive", archived === null ? null : of(archived)],
      ["live_buffer", buffered === null ? null : of(buffered)]
    ]
    return [
      held.first.by(known(({ firstSeq }) => firstSeq)),
      held.next.by(known(({ nextSeq }) => nextSeq)),
      held.age.by(known(({ toTime }) => (toTime === null ? null : Math.max(0, now - toTime) / 1_000_000))),
      held.up.by([
        ["archive", archived === null || reached === null ? 0 : 1],
        ["live_buffer", stats === null ? 0 : 1]
      ]),
      held.changes.is(stats?.changes ?? null),
      held.bytes.is(stats?.bytes ?? null),
      held.most.is(stats?.maxChanges ?? null)
    ]
  })
)
