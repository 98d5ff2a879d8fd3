import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Coverage } from "../../src/domain/Log.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { LogError } from "../../src/log/LogError.ts"
import { storeMetrics } from "../../src/log/StoreMetrics.ts"

const coverage: Coverage = { firstSeq: 1, nextSeq: 8, fromTime: 1, toTime: 2, toLsn: 3n }
const away = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "nobody answers" } })

const readings = (reach: Effect.Effect<void, LogError>) =>
  storeMetrics.read.pipe(
    Effect.provide(
      Layer.merge(
        Layer.mock(Archive, { kind: "kafka", coverage: Effect.succeed(coverage), reach }),
        Layer.mock(LiveBuffer, { kind: "redis", coverage: Effect.fail(away), stats: Effect.fail(away) })
      )
    ),
    Effect.map((all) => new Map(all.map(({ definition, value }) => [definition.name, value])))
  )

it.effect("a server that has gone is told as gone, though what is known of its log is still there", () =>
  Effect.gen(function* () {
    const here = yield* readings(Effect.void)
    assert.deepStrictEqual(here.get("walstream_store_up"), [
      { labels: { store: "archive" }, value: 1 },
      { labels: { store: "live_buffer" }, value: 0 }
    ])
    const gone = yield* readings(Effect.fail(away))
    assert.deepStrictEqual(gone.get("walstream_store_up"), [
      { labels: { store: "archive" }, value: 0 },
      { labels: { store: "live_buffer" }, value: 0 }
    ])
    assert.deepStrictEqual(gone.get("walstream_coverage_next_seq"), [
      { labels: { store: "archive" }, value: 8 }
    ])
  })
)
