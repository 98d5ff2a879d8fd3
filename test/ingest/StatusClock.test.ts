import { assert, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import { TestClock } from "effect/testing"
import type { GateReason } from "../../src/ingest/Gate.ts"
import { statusClock } from "../../src/ingest/StatusClock.ts"

it.effect(
  "the status clock speaks every second, also while the socket is paused, and gives a silent server thirty",
  () =>
    Effect.gen(function* () {
      let sent = 0
      let receivedBytes = 0
      let gate: ReadonlyArray<GateReason> = ["backpressure"]
      const failed = yield* Deferred.make<string>()
      const reader = {
        sendStatus: () => {
          sent++
        },
        stats: () => ({ receivedBytes, messages: 0, queuedBytes: 0, gate, serverLsn: 0n })
      }
      yield* Effect.forkChild(
        statusClock(reader, "s").pipe(Effect.catch((error) => Deferred.succeed(failed, error.reason._tag)))
      )
      yield* TestClock.adjust("100 seconds")
      assert.strictEqual(sent, 101)
      gate = []
      receivedBytes = 1
      yield* TestClock.adjust("30 seconds")
      assert.isFalse(yield* Deferred.isDone(failed))
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(yield* Deferred.await(failed), "Unreachable")
    })
)
