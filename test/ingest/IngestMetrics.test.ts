import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { ingestMetrics } from "../../src/ingest/IngestMetrics.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"

const positions = ["walstream_seq", "walstream_frontier_lsn_bytes", "walstream_confirmed_lsn_bytes"]

it.effect(
  "positions are not told before they are known: a process that is started anew does not fall to 0",
  () =>
    Effect.gen(function* () {
      const told = Effect.map(ingestMetrics.read, (readings) =>
        readings.filter(({ definition }) => positions.includes(definition.name)).map(({ value }) => value)
      )
      assert.deepStrictEqual(yield* told, [[], [], []])
      const state = yield* IngestState
      state.update(() => ({ seq: 7, frontier: 40n }))
      assert.deepStrictEqual(yield* told, [[{ labels: {}, value: 7 }], [{ labels: {}, value: 40 }], []])
    }).pipe(Effect.provide(IngestState.layer))
)
