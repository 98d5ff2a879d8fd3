import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, SubscriptionRef } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { LogError } from "../../src/log/LogError.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import {
  type ArchiveService,
  accept,
  captured,
  dense,
  dropSlot,
  lives,
  logged,
  makeSource,
  startCapturing,
  startLife,
  stoppedAt,
  withTable
} from "./CaptureLife.ts"
import { chunk } from "./SmallChunks.ts"
import { awaitPhase, SourceServer, slotOf, until } from "./TestSource.ts"

layer(SourceServer.layer, { timeout: "60 seconds", excludeTestServices: true })(
  "a hole in the history",
  (it) => {
    it.effect(
      "is named when the slot is dropped under load, and gone over once that very hole is accepted",
      () =>
        Effect.gen(function* () {
          const { session, options, url } = yield* withTable
          const life = yield* startLife(options)
          yield* awaitPhase(life.state, "Capturing")
          const writer = yield* connectPg({ url, applicationName: "load" })
          let id = 0
          const load = yield* Effect.forkChild(
            Effect.forever(Effect.suspend(() => writer.script(`INSERT INTO public.t VALUES (${++id})`)))
          )
          yield* captured(life, 20)
          yield* dropSlot(session, options.slot)
          const { code, message, fix, gap } = yield* stoppedAt(life)
          assert.strictEqual(code, "SlotMissing")
          assert.include(message, `changes committed after ${gap.from} are not in the log`)
          assert.include(fix ?? "", "walstream source accept-gap")
          assert.isFalse(yield* life.ingestor.acceptGap({ gap: "another", by: "ada", reason: "none" }))
          assert.isNull((yield* slotOf(session, options.slot)).confirmed)
          const before = yield* logged(life)

          yield* accept(life, gap.id)
          yield* awaitPhase(life.state, "Capturing")
          const resumedAt = id
          yield* until(
            Effect.sync(() => id),
            (now) => now > resumedAt + 20
          )
          yield* Fiber.interrupt(load)
          yield* session.script("INSERT INTO public.t VALUES (1000000)")
          const { seqs, ids, incarnations } = yield* captured(life, 1_000_000)
          assert.deepStrictEqual(seqs, dense(seqs.length))
          assert.strictEqual(new Set(ids).size, ids.length)
          // Whatever was written since capture was back is there, without a hole of its own.
          const after = ids.slice(before.ids.length).filter((found) => found < 1_000_000)
          assert.isTrue(after.includes(resumedAt + 1))
          assert.deepStrictEqual(
            after,
            dense(after.length).map((i) => i - 1 + (after[0] ?? 0))
          )
          const [first, second, ...more] = yield* lives(life)
          assert.deepStrictEqual(more, [])
          assert.isNull(first?.gap)
          assert.include(second, { number: 2, firstSeq: before.seqs.length + 1, slot: options.slot })
          assert.include(second?.gap, "Accepted by ada: the disk was full")
          assert.strictEqual(incarnations.at(-1), 2)

          // It is over: the next life of the process goes on as ever.
          yield* life.end
          yield* session.script("INSERT INTO public.t VALUES (1000001)")
          const next = yield* startLife(options)
          const all = yield* captured(next, 1_000_001)
          assert.deepStrictEqual(all.seqs, dense(all.seqs.length))
          assert.strictEqual((yield* lives(next)).length, 2)
        }).pipe(Effect.scoped)
    )

    it.effect("is not accepted when it has grown since", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        yield* insert(1)
        yield* captured(first, 1)
        yield* first.end
        const advance = session.query("SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())", [
          options.slot
        ])
        yield* insert(2)
        yield* advance
        const second = yield* startLife(options)
        const seen = yield* stoppedAt(second)
        assert.strictEqual(seen.code, "Hole")
        assert.isNotNull(seen.gap.until)
        // What there is is told all the same.
        assert.strictEqual((yield* second.state.figures).seq, 1)
        yield* insert(3)
        yield* advance
        yield* accept(second, seen.gap.id)
        const grown = yield* stoppedAt(second)
        assert.notStrictEqual(grown.gap.id, seen.gap.id)
        assert.strictEqual((yield* lives(second)).length, 1)
        yield* insert(4)
        yield* accept(second, grown.gap.id)
        const { ids } = yield* captured(second, 4)
        assert.deepStrictEqual(ids, [1, 4])
      }).pipe(Effect.scoped)
    )

    it.effect("is what a spill holds that is not here: it says where that is, and may be accepted", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        yield* insert(1)
        yield* captured(first, 1)
        yield* first.end
        yield* insert(2)
        yield* session.query("SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())", [options.slot])
        const spilled = (archive: ArchiveService): ArchiveService =>
          Archive.of({
            ...archive,
            recover: Effect.map(archive.recover, (tail) => ({
              ...tail,
              mark:
                tail.mark === null ? null : { ...tail.mark, spill: { id: "a", file: "host:/spill.sqlite" } }
            }))
          })
        const second = yield* startLife({ ...options, lookAgainEvery: 100_000_000 }, spilled)
        const seen = yield* stoppedAt(second)
        assert.strictEqual(seen.code, "SpillMissing")
        assert.include(seen.message, "host:/spill.sqlite")
        assert.include(seen.fix, "accept-gap")
        yield* insert(3)
        yield* accept(second, seen.gap.id)
        const { ids } = yield* captured(second, 3)
        assert.deepStrictEqual(ids, [1, 3])
      }).pipe(Effect.scoped)
    )

    it.effect("is none for certain while the archive behind a spill cannot be asked", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        yield* insert(1)
        yield* captured(first, 1)
        yield* first.end
        yield* insert(2)
        yield* session.query("SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())", [options.slot])
        const second = yield* startLife(options, (archive) =>
          Archive.of({
            ...archive,
            recover: Effect.map(archive.recover, (tail) => ({ ...tail, unconfirmed: true as const }))
          })
        )
        const phase = yield* awaitPhase(second.state, "Retrying")
        assert.include("message" in phase ? phase.message : "", "cannot be asked")
      }).pipe(Effect.scoped)
    )

    it.effect("is gone over though the process ended between the new slot and its record", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        yield* insert(1)
        yield* captured(first, 1)
        yield* first.end
        yield* dropSlot(session, options.slot)
        let failures = 0
        const second = yield* startLife(options, (archive) => ({
          ...archive,
          beginIncarnation: (incarnation) =>
            incarnation.number === 2 && failures++ === 0
              ? Effect.fail(
                  new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "as told" } })
                )
              : archive.beginIncarnation(incarnation)
        }))
        yield* accept(second, (yield* stoppedAt(second)).gap.id)
        yield* awaitPhase(second.state, "Capturing")
        assert.strictEqual(failures, 2)
        yield* insert(2)
        assert.deepStrictEqual((yield* captured(second, 2)).seqs, [1, 2])
        assert.strictEqual((yield* lives(second)).length, 2)
      }).pipe(Effect.scoped)
    )

    it.effect("begins behind the last whole transaction: what was stored in part is given up", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        yield* insert(1)
        yield* captured(first, 1)
        // As a crash in the middle of a large transaction would leave it.
        const part = { ...chunk(Number.MAX_SAFE_INTEGER, 0, false), seq: 2, incarnation: 1 }
        yield* first.archive.append([part])
        yield* first.end
        yield* dropSlot(session, options.slot)
        const second = yield* startLife(options)
        yield* accept(second, (yield* stoppedAt(second)).gap.id)
        yield* awaitPhase(second.state, "Capturing")
        yield* insert(2)
        const { seqs, ids } = yield* captured(second, 2)
        assert.deepStrictEqual(seqs, [1, 2])
        assert.deepStrictEqual(ids, [1, 2])
        assert.strictEqual((yield* lives(second))[1]?.firstSeq, 2)
      }).pipe(Effect.scoped)
    )

    it.effect("has nothing in it where only the slot's name is another and it stands further back", () =>
      Effect.gen(function* () {
        const { session, options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        const other = `${options.slot}_b`
        yield* session.query("SELECT pg_create_logical_replication_slot($1, 'pgoutput')", [other])
        yield* insert(1)
        yield* captured(first, 1)
        yield* first.end
        yield* insert(2)
        const second = yield* startLife({ ...options, slot: other })
        const { code, gap } = yield* stoppedAt(second)
        assert.strictEqual(code, "Replaced")
        yield* accept(second, gap.id)
        const { seqs, ids } = yield* captured(second, 2)
        assert.deepStrictEqual(ids, [1, 2])
        assert.deepStrictEqual(seqs, [1, 2])
      }).pipe(Effect.scoped)
    )

    it.effect("lies before another server with the same tables: its own history follows", () =>
      Effect.gen(function* () {
        const { options, insert } = yield* withTable
        const first = yield* startCapturing(options)
        for (const id of [1, 2, 3]) yield* insert(id)
        yield* captured(first, 3)
        yield* first.end
        // Younger than the first one: its positions are behind.
        const server = yield* makeTestPostgres()
        const url = yield* server.createDatabase(options.sourceId)
        const session = yield* connectPg({ url, applicationName: "test" })
        yield* session.script(
          "CREATE TABLE public.t (id int PRIMARY KEY); INSERT INTO public.t VALUES (1), (2)"
        )
        const second = yield* startLife({ ...options, url })
        const { code, message, gap } = yield* stoppedAt(second)
        assert.strictEqual(code, "Replaced")
        assert.include(message, "another system")
        yield* accept(second, gap.id)
        yield* awaitPhase(second.state, "Capturing")
        yield* session.script("INSERT INTO public.t VALUES (4)")
        const { seqs, ids, incarnations } = yield* captured(second, 4)
        assert.deepStrictEqual(seqs, [1, 2, 3, 4])
        assert.deepStrictEqual(ids, [1, 2, 3, 4])
        assert.deepStrictEqual(incarnations, [1, 1, 1, 2])
        // The frontier and the time follow the new server's positions.
        const { frontier } = yield* until(second.state.figures, (figures) => figures.coverageTime !== null)
        assert.isTrue(frontier >= ((yield* lives(second))[1]?.startLsn ?? 0n))
      }).pipe(Effect.scoped)
    )

    it.effect(
      "comes when the server gives the slot up; what is left until then is told",
      () =>
        Effect.gen(function* () {
          const server = yield* makeTestPostgres({
            settings: { max_slot_wal_keep_size: "32MB", min_wal_size: "32MB", max_wal_size: "32MB" }
          })
          const { options } = yield* makeSource
          const own = { ...options, url: server.url("postgres") }
          const session = yield* connectPg({ url: own.url, applicationName: "test" })
          yield* session.script(
            "CREATE TABLE public.t (id int PRIMARY KEY); CREATE TABLE public.noise (note text)"
          )
          const first = yield* startLife(own)
          yield* awaitPhase(first.state, "Capturing")
          const status = until(
            SubscriptionRef.get(first.state.source),
            (told) => (told?.safeBytes ?? null) !== null
          )
          const safe = (yield* status)?.safeBytes ?? 0
          assert.isTrue(safe > 0 && safe <= 64 * 1024 * 1024, String(safe))
          const fill = session.script(
            "INSERT INTO public.noise SELECT repeat(md5(g::text), 30) FROM generate_series(1, 30) g"
          )
          const told = yield* until(
            Effect.andThen(fill, SubscriptionRef.get(first.state.source)),
            (now) => (now?.secondsUntilLost ?? null) !== null
          )
          assert.isTrue((told?.secondsUntilLost ?? 0) >= 0)
          yield* first.end
          const lose = session.script(
            "INSERT INTO public.noise SELECT repeat(md5(g::text), 30) FROM generate_series(1, 20000) g; SELECT pg_switch_wal(); CHECKPOINT"
          )
          const state = session.query("SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", [
            own.slot
          ])
          yield* until(Effect.andThen(lose, state), ([row]) => row?.["wal_status"] === "lost")

          const second = yield* startLife(own)
          const { code, gap } = yield* stoppedAt(second)
          assert.strictEqual(code, "SlotLost")
          yield* accept(second, gap.id)
          yield* awaitPhase(second.state, "Capturing")
          yield* session.script("INSERT INTO public.t VALUES (1)")
          const { seqs } = yield* captured(second, 1)
          assert.deepStrictEqual(seqs, dense(seqs.length))
          assert.strictEqual((yield* lives(second)).length, 2)
        }).pipe(Effect.scoped),
      90_000
    )
  }
)
