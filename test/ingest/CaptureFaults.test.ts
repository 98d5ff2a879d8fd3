import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Redacted, Scope, SubscriptionRef } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import type { IngestorOptions } from "../../src/ingest/Ingestor.ts"
import type { IngestPhase } from "../../src/ingest/IngestPhase.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { RecordingArchive } from "./RecordingArchive.ts"
import {
  awaitPhase,
  makeDatabase,
  SourceServer,
  slotOf,
  startCapture,
  until,
  untilTrue
} from "./TestSource.ts"

const inserted = (archive: RecordingArchive) =>
  archive.changes.map((change) => (change.op === "insert" ? change.after[0] : change.op))

const seqs = (archive: RecordingArchive) =>
  archive.chunks.filter((chunk) => chunk.last).map((chunk) => chunk.seq)

/** A life of capture that the test can end in an orderly way. */
const startLife = Effect.fnUntraced(function* (options: IngestorOptions, archive: RecordingArchive) {
  const scope = yield* Scope.make()
  const life = yield* Scope.provide(startCapture(options, archive), scope)
  return { ...life, end: Scope.close(scope, Exit.void) }
})

const withTable = Effect.gen(function* () {
  const database = yield* makeDatabase
  yield* database.session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
  return {
    ...database,
    insert: (id: number) => database.session.script(`INSERT INTO public.t VALUES (${id})`)
  }
})

const stoppedWith = (state: { readonly phase: SubscriptionRef.SubscriptionRef<IngestPhase> }) =>
  Effect.map(
    until(SubscriptionRef.get(state.phase), (phase) => phase._tag === "Stopped"),
    (phase) => (phase._tag === "Stopped" ? phase.code : "")
  )

layer(SourceServer.layer, { timeout: "60 seconds", excludeTestServices: true })("capture", (it) => {
  it.effect("goes on after its connection was terminated, with the same numbers", () =>
    Effect.gen(function* () {
      const { session, options, insert } = yield* withTable
      const archive = new RecordingArchive()
      archive.failMarks = 1000
      const { state } = yield* startCapture(options, archive)
      yield* awaitPhase(state, "Capturing")
      for (const id of [1, 2, 3]) yield* insert(id)
      yield* untilTrue(() => archive.transactions >= 3)
      const { pid } = yield* until(slotOf(session, options.slot), (slot) => slot.pid !== null)
      yield* session.query("SELECT pg_terminate_backend($1::int)", [pid])
      yield* until(slotOf(session, options.slot), (slot) => slot.pid !== null && slot.pid !== pid)
      archive.failMarks = 0
      yield* insert(4)
      yield* untilTrue(() => archive.transactions >= 4)
      assert.deepStrictEqual(inserted(archive), ["1", "2", "3", "4"])
      assert.deepStrictEqual(seqs(archive), [1, 2, 3, 4])
      // Without a mark nothing was confirmed, so the server sent them again.
      assert.strictEqual(archive.repeated, 2)
    }).pipe(Effect.scoped)
  )

  it.effect("ends in order, and the next life takes up exactly there", () =>
    Effect.gen(function* () {
      const { session, options, insert } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* insert(1)
      yield* insert(2)
      yield* untilTrue(() => archive.transactions >= 2)
      yield* first.end
      assert.strictEqual((yield* SubscriptionRef.get(first.state.phase))._tag, "Ended")
      const end = archive.chunks.at(-1)?.commit.endLsn ?? 0n
      const slot = yield* until(slotOf(session, options.slot), ({ pid }) => pid === null)
      assert.isTrue((parseLsn(slot.confirmed ?? "") ?? 0n) >= end)
      assert.isTrue((parseLsn(slot.confirmed ?? "") ?? 0n) <= (archive.marks.at(-1)?.endLsn ?? 0n))
      yield* insert(3)
      const second = yield* startCapture(options, archive)
      yield* awaitPhase(second.state, "Capturing")
      yield* untilTrue(() => archive.transactions >= 3)
      assert.deepStrictEqual(inserted(archive), ["1", "2", "3"])
      assert.strictEqual(archive.repeated, 0)
      assert.strictEqual(archive.incarnations.length, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("waits for an archive that does not answer, and loses nothing", () =>
    Effect.gen(function* () {
      const { options, insert } = yield* withTable
      const archive = new RecordingArchive()
      const { state } = yield* startCapture(options, archive)
      yield* awaitPhase(state, "Capturing")
      archive.failAppends = 3
      yield* insert(1)
      yield* awaitPhase(state, "Blocked")
      yield* insert(2)
      yield* untilTrue(() => archive.transactions >= 2)
      yield* awaitPhase(state, "Capturing")
      assert.deepStrictEqual(seqs(archive), [1, 2])
      assert.strictEqual((yield* state.figures).archiveRetries, 3)
    }).pipe(Effect.scoped)
  )

  it.effect("moves the slot of an idle source, whatever happens in other databases", () =>
    Effect.gen(function* () {
      const { session, options } = yield* withTable
      const other = yield* makeDatabase
      const { archive, state } = yield* startCapture(options)
      yield* awaitPhase(state, "Capturing")
      yield* other.session.script("CREATE TABLE public.noise AS SELECT generate_series(1, 1000)")
      const [row] = yield* session.query("SELECT pg_current_wal_lsn() AS lsn")
      const target = parseLsn(row?.["lsn"] ?? "") ?? 0n
      yield* until(slotOf(session, options.slot), (slot) => (parseLsn(slot.confirmed ?? "") ?? 0n) >= target)
      assert.strictEqual(archive.transactions, 0)
      // The coverage's time moves too, though no transaction came.
      yield* untilTrue(() => (archive.marks.at(-1)?.coverageTime ?? 0) > 0)
    }).pipe(Effect.scoped)
  )

  it.effect("streams a large transaction beside small ones, in chunks, and drops what was rolled back", () =>
    Effect.gen(function* () {
      const { session, options, insert, url } = yield* withTable
      const { archive, state } = yield* startCapture({ ...options, memoryBytes: 100_000 })
      yield* awaitPhase(state, "Capturing")
      const large = yield* connectPg({ url, applicationName: "test" })
      yield* large.script("BEGIN; INSERT INTO public.t SELECT generate_series(1000, 5999)")
      yield* large.script(
        "SAVEPOINT s; INSERT INTO public.t SELECT generate_series(10000, 14999); ROLLBACK TO s"
      )
      yield* until(state.figures, (figures) => figures.spilledBytes > 0)
      yield* insert(1)
      yield* untilTrue(() => archive.transactions >= 1)
      yield* large.script("COMMIT")
      yield* session.script("BEGIN; INSERT INTO public.t SELECT generate_series(20000, 24999); ROLLBACK")
      yield* insert(2)
      yield* untilTrue(() => archive.transactions >= 3)
      const ids = inserted(archive)
      assert.strictEqual(ids.length, 5002)
      assert.deepStrictEqual([ids[0], ids[1], ids[5000], ids[5001]], ["1", "1000", "5999", "2"])
      assert.isAbove(archive.chunks.length, 5)
      yield* until(state.figures, (figures) => figures.spilledBytes === 0)
    }).pipe(Effect.scoped)
  )

  it.effect("holds the server back while the archive is slow, and takes all of it later", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY, note text)")
      const archive = new RecordingArchive()
      const queueBytes = 200_000
      const { state } = yield* startCapture({ ...options, queueBytes }, archive)
      yield* awaitPhase(state, "Capturing")
      yield* archive.open.close
      for (let i = 0; i < 20; i++) {
        yield* session.script(
          `INSERT INTO public.t SELECT g, repeat('x', 1000) FROM generate_series(${i * 1000}, ${i * 1000 + 999}) g`
        )
      }
      const held = yield* until(state.figures, (figures) => figures.gate.includes("backpressure"))
      // One read of the socket, and what one batch of it adds, may go beyond.
      assert.isBelow(held.queuedBytes + held.handoffBytes, 2 * queueBytes + 4_000_000)
      yield* archive.open.open
      yield* untilTrue(() => archive.transactions >= 20)
      assert.strictEqual(archive.changes.length, 20_000)
      assert.strictEqual((yield* state.figures).operations.insert, 20_000)
    }).pipe(Effect.scoped)
  )

  it.effect("goes on through a restart and a crash of the server", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres({ settings: { fsync: "on" } })
      const { options } = yield* makeDatabase
      const own = { ...options, url: server.url("postgres") }
      const run = (sql: string) =>
        Effect.scoped(
          Effect.flatMap(connectPg({ url: own.url, applicationName: "test" }), (session) =>
            session.script(sql)
          )
        )
      yield* run("CREATE TABLE public.t (id int PRIMARY KEY)")
      const { archive, state } = yield* startCapture(own)
      yield* awaitPhase(state, "Capturing")
      yield* run("INSERT INTO public.t VALUES (1)")
      yield* server.restart
      yield* run("INSERT INTO public.t VALUES (2)")
      yield* untilTrue(() => archive.transactions >= 2)
      yield* server.kill
      yield* server.start
      yield* run("INSERT INTO public.t VALUES (3)")
      yield* untilTrue(() => archive.transactions >= 3)
      assert.deepStrictEqual(inserted(archive), ["1", "2", "3"])
      assert.deepStrictEqual(seqs(archive), [1, 2, 3])
    }).pipe(Effect.scoped)
  )

  it.effect("stops at a slot that the server has given up, and names from where changes are gone", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres({
        settings: { max_slot_wal_keep_size: "16MB", min_wal_size: "32MB", max_wal_size: "32MB" }
      })
      const { options } = yield* makeDatabase
      const own = { ...options, url: server.url("postgres") }
      const session = yield* connectPg({ url: own.url, applicationName: "test" })
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const archive = new RecordingArchive()
      const first = yield* startLife(own, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* first.end
      yield* session.script("CREATE TABLE public.noise (note text)")
      const state = session.query("SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1", [
        own.slot
      ])
      const fill = session.script(
        "INSERT INTO public.noise SELECT repeat(md5(g::text), 30) FROM generate_series(1, 20000) g; SELECT pg_switch_wal(); CHECKPOINT"
      )
      yield* until(Effect.andThen(fill, state), ([row]) => row?.["wal_status"] === "lost")
      const second = yield* startCapture(own, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "SlotLost")
    }).pipe(Effect.scoped)
  )

  it.effect("can be told to go on after it had stopped", () =>
    Effect.gen(function* () {
      const { session, options, url } = yield* withTable
      yield* session.script(
        `DROP ROLE IF EXISTS promoted; CREATE ROLE promoted LOGIN PASSWORD 'p'; GRANT CREATE ON DATABASE "${options.sourceId}" TO promoted; ALTER TABLE public.t OWNER TO promoted`
      )
      const address = new URL(Redacted.value(url))
      address.username = "promoted"
      address.password = "p"
      const { archive, ingestor, state } = yield* startCapture({
        ...options,
        url: Redacted.make(address.href)
      })
      assert.strictEqual(yield* stoppedWith(state), "NoReplicationRight")
      yield* session.script("ALTER ROLE promoted REPLICATION")
      yield* ingestor.resume
      yield* awaitPhase(state, "Capturing")
      yield* session.script("INSERT INTO public.t VALUES (1)")
      yield* untilTrue(() => archive.transactions >= 1)
    }).pipe(Effect.scoped)
  )

  it.effect("says who reads its slot, and takes over when they are gone", () =>
    Effect.gen(function* () {
      const { options, insert } = yield* withTable
      const first = yield* startLife(options, new RecordingArchive())
      yield* awaitPhase(first.state, "Capturing")
      const archive = new RecordingArchive()
      const second = yield* startCapture(options, archive)
      const phase = yield* awaitPhase(second.state, "Retrying")
      assert.include(phase._tag === "Retrying" ? phase.message : "", `walstream:${options.sourceId}:slot`)
      yield* first.end
      yield* awaitPhase(second.state, "Capturing")
      yield* insert(1)
      yield* untilTrue(() => archive.transactions >= 1)
    }).pipe(Effect.scoped)
  )

  it.effect("stops at a slot that somebody moved, and names the hole", () =>
    Effect.gen(function* () {
      const { session, options, insert } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* first.end
      yield* insert(1)
      yield* session.query("SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())", [options.slot])
      const second = yield* startCapture(options, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "Hole")
    }).pipe(Effect.scoped)
  )

  it.effect("stops at a server that was set back behind the history", () =>
    Effect.gen(function* () {
      const { options } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* untilTrue(() => archive.marks.length > 0)
      yield* first.end
      const mark = archive.marks.at(-1)
      if (mark !== undefined) archive.marks.push({ ...mark, endLsn: mark.endLsn + 0x1_0000_0000n })
      const second = yield* startCapture(options, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "Rewound")
    }).pipe(Effect.scoped)
  )

  it.effect("stops when its slot is gone though there is a history", () =>
    Effect.gen(function* () {
      const { session, options } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* first.end
      yield* session.query("SELECT pg_drop_replication_slot($1)", [options.slot])
      const second = yield* startCapture(options, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "SlotMissing")
      const slot = yield* slotOf(session, options.slot)
      assert.isNull(slot.confirmed)
    }).pipe(Effect.scoped)
  )

  it.effect("stops at another slot than the one whose history it is", () =>
    Effect.gen(function* () {
      const { options } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* first.end
      const second = yield* startCapture({ ...options, slot: `${options.slot}_b` }, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "Replaced")
    }).pipe(Effect.scoped)
  )

  it.effect("stops at a publication that was dropped", () =>
    Effect.gen(function* () {
      const { session, options, insert } = yield* withTable
      const archive = new RecordingArchive()
      const first = yield* startLife(options, archive)
      yield* awaitPhase(first.state, "Capturing")
      yield* first.end
      yield* session.script("DROP PUBLICATION walstream_publication")
      yield* insert(1)
      const second = yield* startCapture(options, archive)
      assert.strictEqual(yield* stoppedWith(second.state), "NoPublication")
    }).pipe(Effect.scoped)
  )

  it.effect("stops at wrong passwords, databases and rights, and says what to do", () =>
    Effect.gen(function* () {
      const { session, options, url } = yield* withTable
      yield* session.script("DROP ROLE IF EXISTS meek; CREATE ROLE meek LOGIN PASSWORD 'p'")
      const change = (edit: (address: URL) => void) => {
        const address = new URL(Redacted.value(url))
        edit(address)
        return { ...options, url: Redacted.make(address.href) }
      }
      const codeWith = (edit: (address: URL) => void) =>
        Effect.scoped(Effect.flatMap(startCapture(change(edit)), ({ state }) => stoppedWith(state)))
      const codes = [
        yield* codeWith((address) => {
          address.password = "wrong"
        }),
        yield* codeWith((address) => {
          address.pathname = "/nowhere"
        }),
        yield* codeWith((address) => {
          address.username = "meek"
          address.password = "p"
        })
      ]
      assert.deepStrictEqual(codes, ["Refused", "NoDatabase", "NoReplicationRight"])
    }).pipe(Effect.scoped)
  )

  it.effect("is not misled by what a role or a database has set", () =>
    Effect.gen(function* () {
      const { session, options, url } = yield* makeDatabase
      yield* session.script(`
        DROP ROLE IF EXISTS hostile; CREATE ROLE hostile SUPERUSER LOGIN PASSWORD 'p';
        ALTER ROLE hostile SET DateStyle = 'SQL, DMY'; ALTER ROLE hostile SET IntervalStyle = 'sql_standard';
        ALTER ROLE hostile SET bytea_output = 'escape'; ALTER ROLE hostile SET extra_float_digits = 0;
        ALTER ROLE hostile SET TimeZone = 'Asia/Tokyo'; ALTER ROLE hostile SET statement_timeout = '200ms';
        ALTER ROLE hostile SET default_transaction_read_only = on; ALTER ROLE hostile SET wal_sender_timeout = '300ms';
        ALTER ROLE hostile SET idle_session_timeout = '300ms'; ALTER ROLE hostile SET search_path = 'odd', 'public';
        CREATE TYPE public.mood AS ENUM ('fine');
        CREATE TABLE public.f (id int PRIMARY KEY, d date, i interval, b bytea, f float8, t timestamptz, r regclass, m public.mood)`)
      const address = new URL(Redacted.value(url))
      address.username = "hostile"
      address.password = "p"
      const { archive, state } = yield* startCapture({ ...options, url: Redacted.make(address.href) })
      yield* awaitPhase(state, "Capturing")
      yield* session.script(`INSERT INTO public.f VALUES (1, '2026-02-01', '1 mon -1 day 02:03:04.5', '\\x00ff',
        0.1::float8 + 0.2, '2026-01-01 00:00:00.123456Z', 'public.f', 'fine')`)
      yield* untilTrue(() => archive.transactions >= 1)
      assert.deepStrictEqual(archive.changes[0]?.op === "insert" ? archive.changes[0].after : [], [
        "1",
        "2026-02-01",
        "1 mon -1 days +02:03:04.5",
        "\\x00ff",
        "0.30000000000000004",
        "2026-01-01 00:00:00.123456+00",
        "public.f",
        "fine"
      ])
      // Twice its idle time-out later it still lives.
      yield* until(state.figures, (figures) => (figures.coverageTime ?? 0) > (figures.lastCommitTime ?? 0))
      assert.strictEqual((yield* state.figures).reconnects, 0)
    }).pipe(Effect.scoped)
  )
})
