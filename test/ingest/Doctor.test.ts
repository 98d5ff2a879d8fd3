import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { examineSource } from "../../src/ingest/Doctor.ts"
import { noHistory } from "../../src/ingest/History.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { awaitPhase, makeDatabase, SourceServer, slotOf, startCapture, until } from "./TestSource.ts"

const codesOf = (findings: ReadonlyArray<{ readonly severity: string; readonly code: string }>) =>
  findings.map((finding) => `${finding.severity} ${finding.code}`)

layer(SourceServer.layer, { timeout: "60 seconds", excludeTestServices: true })("doctor", (it) => {
  it.effect("finds what is not captured, and SQL that runs", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script(`
        CREATE TABLE public.keyless (id int); CREATE TABLE public.later (id int PRIMARY KEY DEFERRABLE);
        CREATE UNLOGGED TABLE public.fleeting (id int PRIMARY KEY);
        CREATE TABLE public.p (id int PRIMARY KEY) PARTITION BY RANGE (id);
        ALTER ROLE postgres IN DATABASE "${options.sourceId}" SET DateStyle = 'SQL, DMY';
        ALTER DATABASE "${options.sourceId}" SET DateStyle = 'SQL, DMY'`)
      const findings = yield* examineSource(options, noHistory)
      assert.deepStrictEqual(codesOf(findings).sort(), [
        "info format_default",
        "info format_default",
        "info new_tables",
        "info no_publication",
        "info partitions",
        "info unbounded_wal",
        "info unlogged",
        "warning deferrable_key",
        "warning no_identity"
      ])
      // The publication and the trigger that it shows can be made as they are.
      for (const code of ["no_publication", "new_tables"]) {
        yield* session.script(findings.find((finding) => finding.code === code)?.fix ?? "")
      }
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const published = yield* session.query(
        "SELECT tablename FROM pg_publication_tables WHERE tablename = 't'"
      )
      assert.strictEqual(published.length, 1)
      assert.notInclude(codesOf(yield* examineSource(options, noHistory)), "info new_tables")
    }).pipe(Effect.scoped)
  )

  it.effect("says what wal2json does not send", () =>
    Effect.gen(function* () {
      const { options } = yield* makeDatabase
      const findings = yield* examineSource({ ...options, plugin: "wal2json" }, noHistory)
      assert.include(codesOf(findings), "warning wal2json_loses")
    }).pipe(Effect.scoped)
  )

  it.effect("finds what somebody else's publication leaves out and breaks", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script(`
        CREATE TABLE public.keyless (id int); CREATE TABLE public.a (id int PRIMARY KEY); CREATE TABLE public.b (id int PRIMARY KEY);
        CREATE PUBLICATION walstream_publication FOR TABLE public.keyless, public.a WITH (publish = 'insert, update')`)
      const findings = yield* examineSource(options, noHistory)
      const codes = codesOf(findings).filter((code) => !code.startsWith("info"))
      assert.deepStrictEqual(codes, [
        "error breaks_updates",
        "warning actions_missing",
        "warning not_published"
      ])
      assert.include(findings[0]?.message ?? "", "public.keyless")
    }).pipe(Effect.scoped)
  )

  it.effect("says nothing bad of a source that is captured, and names a slot that somebody else reads", () =>
    Effect.gen(function* () {
      const { session, options } = yield* makeDatabase
      yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
      const { state } = yield* startCapture(options)
      yield* awaitPhase(state, "Capturing")
      yield* until(slotOf(session, options.slot), (slot) => slot.pid !== null)
      const severe = (found: ReadonlyArray<{ readonly severity: string }>) =>
        found.filter((finding) => finding.severity !== "info")
      assert.deepStrictEqual(severe(yield* examineSource(options, noHistory)), [])
      const others = yield* examineSource({ ...options, sourceId: "another" }, noHistory)
      assert.include(codesOf(others), "error slot_in_use")
    }).pipe(Effect.scoped)
  )

  it.effect("finds a history that cannot be carried on", () =>
    Effect.gen(function* () {
      const { options } = yield* makeDatabase
      const incarnation = {
        number: 1,
        systemIdentifier: "7",
        timeline: 1,
        database: options.sourceId,
        slot: options.slot,
        firstSeq: 1,
        startLsn: 1n,
        gap: null
      }
      const codes = codesOf(yield* examineSource(options, { ...noHistory, incarnation }))
      assert.includeMembers(codes, ["error replaced", "error slot_missing"])
    }).pipe(Effect.scoped)
  )

  it.effect("says what it was told where it is not let in, or nobody answers", () =>
    Effect.gen(function* () {
      const { options, url } = yield* makeDatabase
      const change = (edit: (address: URL) => void) => {
        const address = new URL(Redacted.value(url))
        edit(address)
        return Effect.map(examineSource({ ...options, url: Redacted.make(address.href) }, noHistory), codesOf)
      }
      assert.deepStrictEqual(
        yield* change((address) => {
          address.password = "wrong"
        }),
        ["error refused"]
      )
      assert.deepStrictEqual(
        yield* change((address) => {
          address.port = "1"
        }),
        ["error unreachable"]
      )
    }).pipe(Effect.scoped)
  )

  it.effect("finds a server that cannot decode, has no room, or forgets soon", () =>
    Effect.gen(function* () {
      const server = yield* makeTestPostgres({
        settings: {
          wal_level: "replica",
          max_replication_slots: "0",
          max_slot_wal_keep_size: "64MB",
          wal_sender_timeout: "0"
        }
      })
      const { options } = yield* makeDatabase
      const findings = yield* examineSource({ ...options, url: server.url("postgres") }, noHistory)
      assert.includeMembers(codesOf(findings), [
        "error wal_level",
        "error no_slot_free",
        "warning little_wal",
        "info no_sender_timeout"
      ])
    }).pipe(Effect.scoped)
  )
})
