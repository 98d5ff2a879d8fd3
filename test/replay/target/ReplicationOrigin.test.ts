import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { formatLsn } from "../../../src/domain/Lsn.ts"
import { formatMicros, parseMicros } from "../../../src/domain/Micros.ts"
import { origin } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { applyAll, cutBatches, endOf, makeScene, Server, type TargetScene } from "./TargetScene.ts"

const table = "CREATE TABLE public.t (id int PRIMARY KEY, v text)"
const setUp = ["pg_replication_origin_create(text)", "pg_replication_origin_session_setup(text)"]
const stamp = "pg_replication_origin_xact_setup(pg_lsn, timestamptz)"
const reset = "pg_replication_origin_xact_reset()"

/** When a row was committed, by the target's books, and whether that was under an origin. */
const committed = Effect.fnUntraced(function* ({ target }: TargetScene, of: string) {
  const rows = yield* target.query(
    `SELECT to_char(c.timestamp AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, (c.roident <> 0)::text AS "hasOrigin"
     FROM ${of} r, pg_xact_commit_timestamp_origin(r.xmin) c ORDER BY r.ctid`
  )
  return rows.map((row) => ({ at: row["at"], hasOrigin: row["hasOrigin"] === "true" }))
})

const timesOf = (chunks: ReadonlyArray<ArchivedChunk>) =>
  chunks.map(({ commit }) => ({ at: formatMicros(commit.commitTime), hasOrigin: true }))

const millisOf = (rows: ReadonlyArray<{ readonly at: string | null | undefined }>) =>
  rows.map(({ at }) => (parseMicros(at ?? "") ?? 0) / 1000)

const serverMillis = ({ target }: TargetScene) =>
  Effect.map(target.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS now"), ([row]) =>
    Number(row?.["now"])
  )

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("the replication origin", (it) => {
  it.effect("gives each target transaction its source's commit time and LSN, after a reconnect too", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      const session = yield* scene.open()
      yield* session.position
      let follows = origin
      for (let i = 1; i <= 6; i++) {
        yield* scene.source.script(`INSERT INTO public.t VALUES (${i}, 'x')`)
      }
      const chunks = yield* scene.history
      for (const [i, chunk] of chunks.entries()) {
        if (i === 3) {
          yield* scene.target.query(
            "SELECT pg_terminate_backend(pid, 5000)::text FROM pg_stat_activity WHERE application_name = 'walstream job job-1' AND datname = current_database()"
          )
          yield* Effect.ignore(session.position)
          assert.deepStrictEqual(yield* session.position, follows)
        }
        yield* applyAll(session, [chunk], follows)
        follows = endOf([chunk])
      }
      assert.deepStrictEqual(yield* committed(scene, "public.t"), timesOf(chunks))

      const last = formatLsn(chunks.at(-1)?.commit.endLsn ?? 0n)
      const [status] = yield* scene.target.query(
        "SELECT count(*)::text AS n FROM pg_replication_origin_status WHERE external_id LIKE 'walstream%' AND remote_lsn = $1",
        [last]
      )
      assert.strictEqual(status?.["n"], "1")

      // What the job writes for itself is committed when it is.
      const before = yield* serverMillis(scene)
      yield* session.position
      const [claimed = 0] = millisOf(yield* committed(scene, "walstream.ledger_jobs"))
      assert.isAtLeast(claimed, before - 1)
    })
  )

  it.effect("gives a batch of several, or a large one in parts, what its last transaction has", () =>
    Effect.gen(function* () {
      const scene = yield* makeScene(table)
      yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
      yield* scene.source.script("INSERT INTO public.t VALUES (2, 'a')")
      yield* scene.source.script("INSERT INTO public.t SELECT g, 'a' FROM generate_series(3, 6) g")
      const [one, two, large] = yield* scene.history
      assert.isDefined(one)
      assert.isDefined(two)
      assert.isDefined(large)
      const session = yield* scene.open()
      yield* session.position
      yield* applyAll(session, [one, two])
      const parts = cutBatches([large], () => 2)
      let follows = endOf([two])
      for (const part of parts) {
        yield* session.apply({ chunks: part, follows, until: endOf(part), goesOn: true })
        follows = endOf(part)
      }
      // The filter has left nothing of its end.
      yield* session.apply({ chunks: [], follows, until: { seq: 3, ordinal: 9 }, goesOn: false })
      assert.deepStrictEqual(
        yield* committed(scene, "public.t"),
        timesOf([two, two, large, large, large, large])
      )

      // Of transactions that the filter left out only the ledger moves: by the target's own clock.
      const before = yield* serverMillis(scene)
      yield* session.apply({
        chunks: [],
        follows: { seq: 3, ordinal: 9 },
        until: { seq: 4, ordinal: 0 },
        goesOn: false
      })
      const [moved = 0] = millisOf(yield* committed(scene, "walstream.ledger_jobs"))
      assert.isAtLeast(moved, before - 1)
    })
  )

  it.effect("without the right to give a time, each transaction has its own", () =>
    Effect.gen(function* () {
      for (const { mayCall, hasOrigin } of [
        { mayCall: [...setUp, reset], hasOrigin: true },
        { mayCall: setUp, hasOrigin: false },
        { mayCall: [stamp, reset], hasOrigin: false }
      ]) {
        const scene = yield* makeScene(table, { asOwner: true, mayCall })
        const session = yield* scene.open()
        yield* session.position
        yield* scene.source.script("INSERT INTO public.t VALUES (1, 'a')")
        yield* scene.source.script("INSERT INTO public.t VALUES (2, 'a')")
        let follows = origin
        let before = yield* serverMillis(scene)
        for (const chunk of yield* scene.history) {
          yield* applyAll(session, [chunk], follows)
          follows = endOf([chunk])
          const rows = yield* committed(scene, "public.t")
          assert.strictEqual(rows.at(-1)?.hasOrigin, hasOrigin)
          assert.isAtLeast(millisOf(rows).at(-1) ?? 0, before - 1)
          before = yield* serverMillis(scene)
        }
      }
    })
  )
})
