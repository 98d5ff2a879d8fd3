import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { origin } from "../../../src/domain/Position.ts"
import { Targets } from "../../../src/replay/Target.ts"
import { configuredTargets } from "../../../src/replay/target/ConfiguredTargets.ts"
import { defaults } from "./TargetScene.ts"

it.effect("a dry run counts, writes nothing, and needs no target to be there", () =>
  Effect.gen(function* () {
    const targets = yield* Targets
    const session = yield* targets.open("nowhere", true, defaults)
    assert.isNull(yield* session.position)
    const chunk = {
      commit: { xid: 1, commitLsn: 1n, endLsn: 2n, commitTime: 0, origin: null, count: 2 },
      firstOrdinal: 0,
      changes: [
        { op: "message" as const, prefix: "a", content: "" },
        { op: "message" as const, prefix: "b", content: "" }
      ],
      last: true,
      bytes: 10,
      seq: 7,
      incarnation: 1
    }
    const until = { seq: 7, ordinal: 1 }
    const counters = yield* session.apply({ chunks: [chunk], follows: origin, until, goesOn: false })
    assert.deepStrictEqual(counters, { processed: 2, duplicate: 0, converged: 0 })
    assert.deepStrictEqual(yield* session.position, until)
    const again = yield* Effect.flip(
      session.apply({ chunks: [chunk], follows: origin, until, goesOn: false })
    )
    assert.strictEqual(again.reason._tag, "Moved")
  }).pipe(Effect.scoped, Effect.provide(configuredTargets({ targets: {}, source: null })))
)
