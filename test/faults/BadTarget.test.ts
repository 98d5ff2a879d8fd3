import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import type { ApiClient } from "./ApiClient.ts"
import { as, makeDatabases, nowhere, patience, run, Server, temporaryDirectory } from "./BadInput.ts"
import { until } from "./Scene.ts"
import { startWalStream } from "./WalStreamProcess.ts"

const inStatus = (api: ApiClient, id: string, status: string) =>
  Effect.andThen(
    until(
      `the job is ${status}`,
      Effect.map(api.job(id), (job) => job.status === status)
    ),
    api.job(id)
  )

/** Creates and starts a job over all that is captured. */
const start = Effect.fnUntraced(function* (api: ApiClient, target: string) {
  const { id } = yield* api.createJob({ start_time: null, speed_factor: "max", target })
  yield* api.act(id, "start")
  return id
})

const rows = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
      session.query("SELECT id, v FROM public.t ORDER BY id")
    )
  )

const shop = "CREATE TABLE public.t (id int PRIMARY KEY, v text)"

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a job", (it) => {
  it.effect(
    "says what is wrong with its target; mended and resumed, it ends equal",
    () =>
      Effect.gen(function* () {
        const { createDatabase } = yield* Server
        const { source, env } = yield* makeDatabases
        const missing = yield* createDatabase("target_missing")
        const narrow = yield* createDatabase("target_narrow")
        const strict = yield* createDatabase("target_strict")
        const bare = yield* createDatabase("target_bare")
        const unloving = yield* createDatabase("target_unloved")
        yield* run(unloving, `${shop}; ALTER TABLE public.t ADD CHECK (id <> 2)`)
        yield* run(narrow, "CREATE TABLE public.t (id int PRIMARY KEY)")
        yield* run(strict, `${shop}; ALTER TABLE public.t ADD CHECK (id < 3)`)
        yield* run(bare, `${shop}; CREATE ROLE guest LOGIN PASSWORD 'guest'`)
        const walstream = yield* startWalStream({
          dataDir: yield* temporaryDirectory,
          env: {
            ...env,
            TARGET_MISSING_URL: Redacted.value(missing),
            TARGET_NARROW_URL: Redacted.value(narrow),
            TARGET_STRICT_URL: Redacted.value(strict),
            TARGET_UNLOVED_URL: Redacted.value(unloving),
            TARGET_BARE_URL: as(bare, "guest", "guest"),
            TARGET_CLOSED_URL: as(missing, "postgres", "wrong-password"),
            TARGET_SELF_URL: env.SOURCE_URL,
            TARGET_AWAY_URL: nowhere
          }
        })
        const api = yield* walstream.ready
        yield* until(
          "capture runs",
          Effect.map(api.source, ({ phase }) => phase === "capturing")
        )
        for (const id of [1, 2, 3]) yield* run(source, `INSERT INTO public.t VALUES (${id}, 'one cell')`)
        yield* until(
          "all is captured",
          Effect.map(api.source, ({ seq }) => seq === 3)
        )

        const failure = Effect.fnUntraced(function* (target: string) {
          const id = yield* start(api, target)
          const { error } = yield* inStatus(api, id, "failed")
          assert.notInclude(error?.message, "one cell")
          return { id, code: error?.code, message: error?.message ?? "" }
        })
        const mended = Effect.fnUntraced(function* (id: string, target: Redacted.Redacted) {
          yield* api.act(id, "resume")
          const job = yield* inStatus(api, id, "completed")
          assert.strictEqual(job.events_processed, 3, JSON.stringify(job))
          assert.deepStrictEqual(yield* rows(target), yield* rows(source))
        })

        const away = yield* start(api, "away")

        const absent = yield* failure("missing")
        assert.strictEqual(absent.code, "target_unfit")
        assert.include(
          absent.message,
          "target missing: table public.t does not fit: the target has no such table"
        )
        assert.include(
          absent.message,
          "What to do: make it there as the source has it (pg_dump --schema-only"
        )
        yield* run(missing, shop)
        yield* mended(absent.id, missing)

        // Told to do without one change: exactly that one is missing, and the job says so.
        const unloved = yield* failure("unloved")
        const { error } = yield* api.job(unloved.id)
        assert.strictEqual(error?.code, "rejected")
        const skipped = yield* api.skip(unloved.id, error?.position ?? "", "the target has no use for 2")
        assert.deepInclude(skipped, { status: "failed", events_skipped: 0 })
        yield* api.act(unloved.id, "resume")
        const done = yield* inStatus(api, unloved.id, "completed")
        assert.deepInclude(done, { events_processed: 2, events_skipped: 1 })
        assert.deepStrictEqual(
          yield* rows(unloving),
          (yield* rows(source)).filter(({ id }) => id !== "2")
        )

        const small = yield* failure("narrow")
        assert.strictEqual(small.code, "target_unfit")
        assert.include(small.message, 'table public.t does not fit: the target lacks "v". What to do: ')
        yield* run(narrow, "ALTER TABLE public.t ADD COLUMN v text")
        yield* mended(small.id, narrow)

        const picky = yield* failure("strict")
        assert.strictEqual(picky.code, "rejected")
        assert.include(picky.message, "target strict: rejected a change of public.t (23514)")
        assert.include(picky.message, "mend that there, and resume the job")
        yield* run(strict, "ALTER TABLE public.t DROP CONSTRAINT t_id_check")
        yield* mended(picky.id, strict)

        const guest = yield* failure("bare")
        assert.strictEqual(guest.code, "target_refused")
        assert.include(guest.message, "the role may not make the ledger")
        assert.include(guest.message, "What to do: check the target's URL and what its role may do")

        const closed = yield* failure("closed")
        assert.strictEqual(closed.code, "target_refused")
        assert.include(closed.message, "password authentication failed")
        assert.notInclude(walstream.log(), "wrong-password")

        const self = yield* failure("self")
        assert.strictEqual(self.code, "target_is_source")
        assert.include(self.message, "What to do: name another database in the target's URL")

        assert.strictEqual((yield* api.job(away)).status, "running")
        const waits = walstream.log().split("\n")
        const [told, ...again] = waits.filter((line) => line.includes("the job waits and tries again"))
        assert.include(told, "target away: does not answer: connect ECONNREFUSED")
        assert.include(told, "What to do: see that its server runs")
        assert.deepStrictEqual(again, [])
        yield* api.act(away, "cancel")
        assert.strictEqual(yield* walstream.stop, 0, walstream.log())
      }).pipe(Effect.scoped),
    patience
  )
})
