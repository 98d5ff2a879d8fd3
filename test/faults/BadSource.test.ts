import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import type { ApiClient } from "./ApiClient.ts"
import { as, makeDatabases, patience, run, Server, temporaryDirectory } from "./BadInput.ts"
import { until } from "./Scene.ts"
import { startWalStream, type WalStreamProcess } from "./WalStreamProcess.ts"

/** What it says in that phase: a moment later it may be in another. */
const inPhase = Effect.fnUntraced(function* (api: ApiClient, phase: string) {
  let seen = yield* api.source
  yield* until(
    `capture is ${phase}`,
    Effect.map(api.source, (source) => {
      seen = source
      return source.phase === phase
    })
  )
  return seen
})

/** Public, so without names or addresses. Between two tries it says that it attaches. */
const isNotReady = (api: ApiClient, reason: string) =>
  until(
    `not ready: ${reason}`,
    Effect.map(Effect.flip(api.ready), ({ status, message }) => {
      assert.strictEqual(status, 503)
      assert.notMatch(message, /127\.0\.0\.1|password|SOURCE_URL/u)
      return message.includes(reason)
    })
  )

const captured = (api: ApiClient, seq: number) =>
  until(
    `transaction ${seq} is captured`,
    Effect.map(api.source, (source) => source.seq === seq)
  )

/** What it logged with these words: lines of JSON. */
const logged = (walstream: WalStreamProcess, words: string) =>
  walstream
    .log()
    .split("\n")
    .filter((line) => line.startsWith("{") && line.includes(words))

/**
 * Told in one line with the way out, however often it is met; and by nobody else, such as the supervisor of whoever
 * met it.
 */
const assertToldOnce = (walstream: WalStreamProcess, words: string, fix: string) => {
  const [line, ...more] = logged(walstream, words).filter((text) => text.includes("What to do"))
  assert.include(line, fix)
  assert.deepStrictEqual(more, [])
  const [, trouble = words] = new RegExp(`${words}:? (.{10,100}).*\\. What to do`, "u").exec(line ?? "") ?? []
  assert.deepStrictEqual(logged(walstream, trouble), [line])
}

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a source in trouble", (it) => {
  it.effect(
    "that does not answer is waited for, and captured when it is there",
    () =>
      Effect.gen(function* () {
        const server = yield* makeTestPostgres()
        const source = yield* server.createDatabase("shop")
        yield* run(source, "CREATE TABLE public.t (id int PRIMARY KEY)")
        yield* server.stop
        const { env } = yield* makeDatabases
        const walstream = yield* startWalStream({
          dataDir: yield* temporaryDirectory,
          env: { ...env, SOURCE_URL: Redacted.value(source) }
        })
        const api = yield* walstream.ready
        const { message, fix } = yield* inPhase(api, "retrying")
        assert.include(message, "source source: does not answer: connect ECONNREFUSED")
        assert.include(fix, "the address in SOURCE_URL reaches it; capture goes on by itself")
        assertToldOnce(walstream, "capture tries again", "the address in SOURCE_URL reaches it")
        yield* isNotReady(api, "capture tries again: unreachable")
        yield* server.start
        yield* inPhase(api, "capturing")
        yield* api.ready
        yield* run(source, "INSERT INTO public.t VALUES (1)")
        yield* captured(api, 1)
        assert.strictEqual(yield* walstream.stop, 0, walstream.log())
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "that refuses the password is not asked again; API and dashboard stay up",
    () =>
      Effect.gen(function* () {
        const { source, env } = yield* makeDatabases
        const walstream = yield* startWalStream({
          dataDir: yield* temporaryDirectory,
          env: { ...env, SOURCE_URL: as(source, "postgres", "wrong-password") }
        })
        const api = yield* walstream.ready
        const { message, fix } = yield* inPhase(api, "stopped")
        assert.include(message, "source source: refuses us: password authentication failed")
        assert.include(fix, "check user and password in SOURCE_URL, and pg_hba.conf at the server")
        assertToldOnce(walstream, "capture has stopped", "then start WalStream again")
        yield* isNotReady(api, "capture has stopped: refused")
        assert.notInclude(walstream.log(), "wrong-password")
        assert.strictEqual(yield* walstream.stop, 0, walstream.log())
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "whose role may not replicate is taken up when it may",
    () =>
      Effect.gen(function* () {
        const { source, env } = yield* makeDatabases
        yield* run(
          source,
          "CREATE ROLE late LOGIN PASSWORD 'late'; GRANT CREATE ON SCHEMA public TO late; " +
            "ALTER TABLE public.t OWNER TO late; GRANT CREATE ON DATABASE " +
            `${new URL(env.SOURCE_URL).pathname.slice(1)} TO late`
        )
        const walstream = yield* startWalStream({
          dataDir: yield* temporaryDirectory,
          env: { ...env, SOURCE_URL: as(source, "late", "late") }
        })
        const api = yield* walstream.ready
        const { message, fix } = yield* inPhase(api, "stopped")
        assert.include(message, "role late may not replicate")
        assert.include(fix, 'ALTER ROLE "late" REPLICATION')
        yield* run(source, 'ALTER ROLE "late" REPLICATION')
        yield* inPhase(api, "capturing")
        yield* run(source, "INSERT INTO public.t VALUES (1)")
        yield* captured(api, 1)
        assertToldOnce(walstream, "capture has stopped", "REPLICATION")
        assert.strictEqual(yield* walstream.stop, 0, walstream.log())
      }).pipe(Effect.scoped),
    patience
  )

  it.effect(
    "lacks a table in its publication, then its slot: names both, and goes on once the hole is accepted",
    () =>
      Effect.gen(function* () {
        const { source, env } = yield* makeDatabases
        yield* run(
          source,
          "CREATE TABLE public.left_out (id int PRIMARY KEY); CREATE PUBLICATION walstream_publication FOR TABLE public.t"
        )
        const dataDir = yield* temporaryDirectory
        const life = <A, E, R>(
          use: (walstream: WalStreamProcess, api: ApiClient) => Effect.Effect<A, E, R>
        ) =>
          Effect.gen(function* () {
            const walstream = yield* startWalStream({ dataDir, env: { ...env, TARGET_URL: env.SOURCE_URL } })
            yield* use(walstream, yield* walstream.ready)
            assert.strictEqual(yield* walstream.stop, 0, walstream.log())
          }).pipe(Effect.scoped)

        yield* life((walstream, api) =>
          Effect.gen(function* () {
            yield* inPhase(api, "capturing")
            const sql = 'ALTER PUBLICATION "walstream_publication" ADD TABLE ONLY "public"."left_out"'
            assertToldOnce(walstream, "not captured: public.left_out", JSON.stringify(sql).slice(1, -1))
            yield* run(source, "INSERT INTO public.left_out VALUES (1)")
            yield* run(source, sql)
            yield* run(source, "INSERT INTO public.left_out VALUES (2)")
            yield* captured(api, 1)
          })
        )
        yield* run(source, `SELECT pg_drop_replication_slot('${env.SLOT_NAME}')`)
        yield* life((walstream, api) =>
          Effect.gen(function* () {
            const { message, fix } = yield* inPhase(api, "stopped")
            assert.include(message, `slot ${env.SLOT_NAME} does not exist any more: changes committed after`)
            assert.include(fix, "another SOURCE_ID, SLOT_NAME and DATA_DIR")
            assertToldOnce(walstream, "capture has stopped", "begin a new history")
            const { archive } = yield* api.coverage
            assert.strictEqual(archive.coverage.next_seq, 2)

            // Once it is accepted, history goes on in the same process, and jobs are told of the hole.
            const { gap } = yield* api.source
            yield* api.acceptGap(gap?.id ?? "", "the slot was dropped by mistake")
            yield* inPhase(api, "capturing")
            yield* run(source, "INSERT INTO public.left_out VALUES (3)")
            yield* captured(api, 2)
            const job = yield* api.createJob({ start_time: "2000-01-01T00:00:00Z", dry_run: true })
            const [warning] = job.warnings
            assert.strictEqual(warning?.code, "gap")
            assert.include(warning?.message, "the slot was dropped by mistake")
          })
        )
      }).pipe(Effect.scoped),
    patience
  )
})
