import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Schedule, Stream, SubscriptionRef } from "effect"
import { layerGapKeeper } from "../../src/control/GapKeeper.ts"
import { type Gap, gapWarnings, readGaps } from "../../src/control/HistoryGaps.ts"
import { SourceGaps } from "../../src/control/SourceGaps.ts"
import type { Incarnation } from "../../src/domain/Log.ts"
import { Ingestor } from "../../src/ingest/Ingestor.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import type { AcceptedGap } from "../../src/ingest/Lives.ts"
import { Archive } from "../../src/log/Archive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { apiLayer, ask, member, tokenFor, trouble } from "./TestApi.ts"
import { controlLayer, spec } from "./TestControl.ts"

const first: Incarnation = {
  number: 1,
  systemIdentifier: "7",
  timeline: 1,
  database: "shop",
  slot: "s",
  firstSeq: 1,
  startLsn: 1n,
  gap: null
}
const second: Incarnation = { ...first, number: 2, firstSeq: 5, startLsn: 0x900n, gap: "slot s was dropped" }

const path = "/api/v1/system/source/accept-gap"
const hole = { id: "abc", incarnation: 1, from_lsn: "0/800", until_lsn: null }

layer(apiLayer("gaps_api"), { timeout: "60 seconds", excludeTestServices: true })(
  "accepting a hole",
  (it) => {
    it.effect("is for admins, and for the very hole that capture has stopped at", () =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() =>
          Effect.sync(() => {
            trouble.current = {}
          })
        )
        const admin = yield* tokenFor("admin")
        const body = { gap: "abc", reason: "the disk was full" }
        for (const role of ["viewer", "operator"] as const) {
          const refused = yield* ask(path, { token: yield* tokenFor(role), body })
          assert.strictEqual(refused.status, 403)
        }
        const nothing = yield* ask(path, { token: admin, body })
        assert.strictEqual(nothing.status, 409)
        assert.include(nothing.text, "nothing is lost: capture is capturing")

        trouble.current = { phase: "stopped", code: "slot_missing", message: "the slot is gone", gap: hole }
        const another = yield* ask(path, { token: admin, body: { ...body, gap: "abd" } })
        assert.strictEqual(another.status, 409)
        assert.include(another.text, "another one: the slot is gone")
        const mute = yield* ask(path, { token: admin, body: { ...body, reason: " " } })
        assert.strictEqual(mute.status, 400)

        const accepted = yield* ask(path, { token: admin, body })
        assert.strictEqual(accepted.status, 200, accepted.text)
        assert.strictEqual(member(accepted.json, "accepted_by"), "test-admin")
        assert.strictEqual(member(accepted.json, "from_lsn"), "0/800")
        assert.isNull(member(accepted.json, "to_lsn"))
        const again = yield* ask(path, { token: admin, body: { ...body, reason: "another reason" } })
        assert.deepStrictEqual(again.json, accepted.json)
        const sql = yield* PgClient.PgClient
        const rows = yield* sql`SELECT source, gap, cause, reason FROM source_gaps`
        assert.deepStrictEqual(
          [...rows],
          [{ source: "shop", gap: "abc", cause: "slot_missing", reason: "the disk was full" }]
        )
        // A silent ingestor's last word is not how it is now.
        trouble.current = { ...trouble.current, phase: "silent" }
        assert.strictEqual((yield* ask(path, { token: admin, body })).status, 409)
      }).pipe(Effect.scoped)
    )
  }
)

const told: Array<AcceptedGap> = []
const lives: Array<Incarnation> = [first]

const KeeperLayer = Layer.mergeAll(
  SourceGaps.layer,
  IngestState.layer,
  ActorSystem.layer,
  Layer.mock(Archive, { kind: "sqlite", incarnations: Effect.sync(() => [...lives]) }),
  Layer.mock(Ingestor, {
    acceptGap: (gap) =>
      Effect.sync(() => {
        told.push(gap)
        return true
      })
  })
).pipe(Layer.provideMerge(controlLayer("gaps_keeper")), Layer.orDie)

const soon = <A, E, R>(effect: Effect.Effect<A, E, R>, holds: (value: A) => boolean) =>
  Effect.repeat(effect, { until: holds, schedule: Schedule.spaced("20 millis") })

layer(KeeperLayer, { timeout: "60 seconds", excludeTestServices: true })("the keeper of holes", (it) => {
  it.effect("tells capture of the very hole that was accepted, and notes where the next life begins", () =>
    Effect.gen(function* () {
      const gaps = yield* SourceGaps
      const state = yield* IngestState
      const stop = (id: string) =>
        SubscriptionRef.set(state.phase, {
          _tag: "Stopped",
          code: "SlotMissing",
          message: "gone",
          fix: null,
          gap: { id, incarnation: 1, from: "0/800", until: null }
        })
      const record = { source: "shop", incarnation: 1, cause: "slot_missing", message: "gone", from: "0/800" }
      yield* gaps.accept({ ...record, gap: "other", by: "ada", reason: "not this one" })
      yield* stop("abc")
      yield* Layer.build(layerGapKeeper("shop", 20))
      yield* gaps.accept({ ...record, source: "depot", gap: "abc", by: "ada", reason: "another source" })
      yield* gaps.accept({ ...record, gap: "abc", by: "ada", reason: "the disk was full" })
      yield* soon(
        Effect.sync(() => told.length),
        (length) => length > 0
      )
      assert.deepStrictEqual(told[0], { gap: "abc", by: "ada", reason: "the disk was full" })
      lives.push(second)
      yield* SubscriptionRef.set(state.phase, { _tag: "Capturing" })
      const found = yield* soon(
        gaps.find("shop", "abc"),
        (one) => one._tag === "Some" && one.value.to_lsn !== null
      )
      assert.strictEqual(found._tag === "Some" ? found.value.to_lsn : "", "0/900")
    }).pipe(Effect.scoped)
  )
})

describe("a hole between two lives", () => {
  const place = (seq: number) => ({ seq, commitLsn: BigInt(seq), commitTime: seq * 1_000_000 })
  const gap: Gap = { incarnation: second, text: "slot s was dropped", from: place(4), until: place(5) }
  const planned = (start: number, end: number | null) => ({ spec, plan: { range: { start, end } } })

  it("is a warning on every job whose window touches it", () => {
    const warned = (start: number, end: number | null) => gapWarnings(planned(start, end), [gap]).length === 1
    assert.isTrue(warned(1, 9))
    assert.isTrue(warned(1, null))
    assert.isTrue(warned(5, 9))
    assert.isTrue(warned(1, 5))
    assert.isFalse(warned(1, 4))
    assert.isFalse(warned(6, null))
    const [warning] = gapWarnings(planned(1, 9), [gap])
    assert.include(warning, { code: "gap" })
    assert.include(warning?.message, "slot s was dropped")
    assert.include(warning?.message, "(transaction 4, 0/4)")
  })

  it("is judged by times while the window is not pinned", () => {
    const asked = (startTime: number | null, endTime: number | null) =>
      gapWarnings({ spec: { ...spec, startTime, endTime }, plan: null }, [gap]).length
    assert.strictEqual(asked(1_000_000, 9_000_000), 1)
    assert.strictEqual(asked(4_500_000, null), 1)
    assert.strictEqual(asked(6_000_000, null), 0)
    assert.strictEqual(asked(1_000_000, 3_000_000), 0)
  })

  it.effect("is history itself once the log begins behind it", () =>
    Effect.gen(function* () {
      const archiveFrom = (firstSeq: number) =>
        Layer.mock(Archive, {
          kind: "sqlite",
          incarnations: Effect.succeed([first, second]),
          coverage: Effect.succeed({ firstSeq, nextSeq: 5, fromTime: 1, toTime: 2, toLsn: null }),
          read: () => Stream.empty
        })
      const count = (firstSeq: number) =>
        Effect.flatMap(Archive, readGaps).pipe(
          Effect.provide(archiveFrom(firstSeq)),
          Effect.map((gaps) => gaps.length)
        )
      assert.strictEqual(yield* count(1), 1)
      assert.strictEqual(yield* count(5), 0)
    })
  )
})
