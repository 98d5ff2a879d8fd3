import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Coverage } from "../../src/domain/Log.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LogError } from "../../src/log/LogError.ts"
import { ReplayFigures } from "../../src/replay/ReplayFigures.ts"
import { replayMetrics } from "../../src/replay/ReplayMetrics.ts"
import { ReplayWorker } from "../../src/replay/ReplayWorker.ts"
import type { RunSnapshot } from "../../src/replay/Run.ts"

const coverage: Coverage = { firstSeq: 1, nextSeq: 8, fromTime: 1, toTime: 2, toLsn: 3n }
const away = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "nobody answers" } })

const following: RunSnapshot = {
  jobId: "1",
  epoch: 1,
  follows: true,
  phase: "waiting",
  position: { seq: 4, ordinal: 0 },
  replayClock: null,
  speed: "max",
  effectiveSpeed: null,
  pacingError: null,
  batch: null,
  retrying: null,
  applying: null
}

const lagWhere = (reach: Effect.Effect<void, LogError>, runs: ReadonlyArray<RunSnapshot>) =>
  replayMetrics.read.pipe(
    Effect.provide(
      Layer.merge(
        Layer.mock(ReplayWorker, {
          figures: new ReplayFigures(),
          runs: Effect.succeed(runs),
          leasesLeft: Effect.succeed([]),
          slots: 4
        }),
        Layer.mock(Archive, {
          kind: "kafka",
          coverage: Effect.succeed(coverage),
          reach,
          volume: (start, end) => Effect.succeed({ transactions: 0, changes: (end - start) * 10, bytes: 0 })
        })
      )
    ),
    Effect.map((all) => all.find(({ definition }) => definition.name === "walstream_replay_lag_changes"))
  )

it.effect("how far jobs are behind is not known where the archive does not answer", () =>
  Effect.gen(function* () {
    const known = yield* lagWhere(Effect.void, [following])
    assert.deepStrictEqual(known?.value, [{ labels: {}, value: 30 }])
    assert.deepStrictEqual((yield* lagWhere(Effect.fail(away), [following]))?.value, [])
    assert.deepStrictEqual((yield* lagWhere(Effect.fail(away), []))?.value, [{ labels: {}, value: 0 }])
  })
)
