import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { createInterface } from "node:readline"
import { setInterval } from "node:timers/promises"
import { Effect, Redacted, Schema } from "effect"
import { hashPassword } from "../src/control/auth/PasswordHash.ts"
import { makeEmbeddedPostgres } from "../src/postgres/EmbeddedPostgres.ts"
import { temporaryDirectory } from "../test/faults/BadInput.ts"
import { startWalStream } from "../test/faults/WalStreamProcess.ts"
import { session, temporaryFolder } from "./Backlog.ts"
import { lessIsBetter, moreIsBetter, worstOf } from "./BenchResult.ts"
import { cpuShares } from "./CpuShares.ts"
import { ordersTable } from "./NativeReplication.ts"
import { residentOf } from "./ProcessFigures.ts"

const sockets = 200
const perTransaction = 50
/** Jobs in the list that is asked for. */
const listed = 20

/** Commits at a steady pace inside the server, as `SteadyLoad` does, but rows by the fifty. */
const procedure = `
CREATE PROCEDURE public.steady_rows(transactions int, per_second float) LANGUAGE plpgsql AS $$
DECLARE start timestamptz := clock_timestamp(); ahead float;
BEGIN
  FOR i IN 0..transactions - 1 LOOP
    INSERT INTO public.orders (id, customer, attributes, amount, created_at, paid, items, token)
    SELECT n, md5(n::text) || 'customer', jsonb_build_object('channel', 'web', 'rank', n),
      n / 100.0, clock_timestamp(), n % 2 = 0, n % 9, md5((-n)::text)::uuid
      FROM generate_series(i::bigint * ${perTransaction} + 1, (i::bigint + 1) * ${perTransaction}) AS n;
    COMMIT;
    ahead := (i + 1) / per_second - extract(epoch FROM clock_timestamp() - start);
    IF ahead > 0 THEN PERFORM pg_sleep(ahead); END IF;
  END LOOP;
END $$;`

const Spread = Schema.Struct({
  count: Schema.Finite,
  p50: Schema.NullOr(Schema.Finite),
  p99: Schema.NullOr(Schema.Finite),
  max: Schema.NullOr(Schema.Finite)
})
const decodeLoad = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      statuses: Schema.Record(Schema.String, Schema.Finite),
      requests: Spread,
      arrivals: Spread,
      wrong: Schema.Finite,
      lost: Schema.Finite,
      bytes: Schema.Finite,
      frames: Schema.Finite,
      kinds: Schema.Finite,
      events: Schema.Finite,
      dropped: Schema.Finite,
      missing: Schema.Finite,
      cpuSeconds: Schema.Finite
    })
  )
)
const decodeToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))

const decodeContact = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Struct({ url: Schema.String })))

const password = "a password of the bench"

const logIn = (url: string, username: string) =>
  Effect.promise(async () => {
    const body = new URLSearchParams({ username, password })
    const answer = await fetch(`${url}/api/v1/auth/token`, { method: "POST", body })
    return decodeToken(await answer.json()).access_token
  })

/** Runs the load in a process of its own; `begin` is called when all sockets are open, `over` when the last request was answered. */
const runLoad = async (options: object, begin: () => void, over: () => Promise<void>) => {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "bench/LiveLoadProcess.ts", JSON.stringify(options)],
    { stdio: ["ignore", "pipe", "inherit"] }
  )
  let told = ""
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "ready") begin()
    else if (line === "over") await over()
    else told = line
  }
  return decodeLoad(told)
}

/**
 * `npm run bench -- api-live [EVENTS_A_SECOND] [REQUESTS_A_SECOND] [SECONDS] [plain]`: 200 WebSockets that watch all that is
 * captured, beside `GET jobs`, from the dev shape without the flags of `npm start`. Source and control database are one
 * embedded server. The sockets take what is compressed, as browsers do, but for `plain`.
 */
export const run = ([
  events = "5000",
  requests = "5000",
  length = "20",
  wire = "packed"
]: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const [eventsPerSecond, perSecond, seconds] = [Number(events), Number(requests), Number(length)]
    const directory = yield* temporaryFolder
    const server = yield* makeEmbeddedPostgres({ directory, settings: { shared_buffers: "256MB" } })
    const admin = yield* session(server, "postgres")
    yield* admin.script("CREATE DATABASE shop")
    yield* admin.script("CREATE DATABASE control")
    yield* admin.script("CREATE DATABASE copy")
    const source = yield* session(server, "shop")
    yield* source.script(ordersTable)
    yield* source.script(procedure)
    const dataDir = yield* temporaryDirectory
    const walstream = yield* startWalStream({
      dataDir,
      flags: ["--disable-warning=ExperimentalWarning"],
      env: {
        SOURCE_URL: Redacted.value(server.url("shop")),
        TARGET_URL: Redacted.value(server.url("copy")),
        DATABASE_URL: Redacted.value(server.url("control")),
        RATE_LIMIT_READ: "0",
        RATE_LIMIT_WRITE: "0",
        RATE_LIMIT_ADDRESS: "0",
        RATE_LIMIT_LOGIN: "0"
      }
    })
    const api = yield* walstream.ready
    const { url } = decodeContact(yield* Effect.promise(() => readFile(`${dataDir}/walstream.json`, "utf8")))
    for (let i = 0; i < listed; i++) yield* api.createJob({ start_time: null, name: `job ${i}` })
    const hash = yield* hashPassword(Redacted.make(password))
    const control = yield* session(server, "control")
    yield* control.query(
      `INSERT INTO public.users (username, password_hash, role) SELECT 'bench-' || n, $1, 'viewer' FROM generate_series(1, 20) AS n`,
      [hash]
    )
    const names = Array.from({ length: sockets / 10 }, (_, i) => `bench-${i + 1}`)
    const tokens = yield* Effect.forEach(names, (name) => logIn(url, name))

    const memory: Array<number> = []
    const stop = new AbortController()
    const sample = async () => {
      for await (const _ of setInterval(1000, undefined, { signal: stop.signal })) {
        memory.push(await residentOf(walstream.pid))
      }
    }
    const sharesNow = () => cpuShares(walstream.pid, server.pid)
    const transactions = Math.ceil((eventsPerSecond / perTransaction) * seconds)
    const due = transactions * perTransaction * sockets
    let writing: Promise<unknown> = Promise.resolve()
    let began = 0
    let took = 0
    let before = yield* Effect.promise(sharesNow)
    let after = before
    const load = yield* Effect.promise(() =>
      runLoad(
        { url, tokens, sockets, perSecond, seconds, due, perTransaction, listed, isPacked: wire !== "plain" },
        () => {
          began = performance.now()
          sharesNow().then((shares) => {
            before = shares
          })
          sample().catch(() => undefined)
          writing = Effect.runPromise(
            source.script(`CALL public.steady_rows(${transactions}, ${eventsPerSecond / perTransaction})`)
          )
        },
        async () => {
          took = (performance.now() - began) / 1000
          after = await sharesNow()
          stop.abort()
        }
      )
    )
    yield* Effect.promise(() => writing)
    const cores = (seconds: number) => (seconds / took).toFixed(2)
    const { requests: answers, arrivals } = load
    console.error(
      `statuses ${JSON.stringify(load.statuses)}; requests p50 ${answers.p50?.toFixed(1)} ms, p99 ${answers.p99?.toFixed(1)} ms, ` +
        `most ${answers.max?.toFixed(1)} ms; events p50 ${arrivals.p50} ms, p99 ${arrivals.p99} ms, most ${arrivals.max} ms\n` +
        `${load.events} of ${due} events came, ${load.dropped} were dropped, ${load.missing} were said to be missing; ${load.wrong} answers or frames wrong, ${load.lost} sockets lost; ` +
        `${load.frames} frames of ${load.kinds} kinds, ${(load.bytes / took / 1e6).toFixed(1)} MB/s\n` +
        `cores: server ${cores(after.main - before.main)} main thread, ${cores(after.others - before.others)} others; ` +
        `PostgreSQL ${cores(after.postgres - before.postgres)}; load ${cores(load.cpuSeconds)}; ` +
        `everybody ${cores(after.machine - before.machine)}, for ${took.toFixed(1)} s\n` +
        `memory ${Math.round(memory[9] ?? Number.NaN)} MiB after 10 s, ${Math.round(memory[29] ?? Number.NaN)} after 30 s, ${Math.round(memory.at(-1) ?? Number.NaN)} at the end, ` +
        `${Math.round(Math.max(...memory))} at most`
    )
    return worstOf("api-live", "a second; ms", [
      moreIsBetter("GET jobs, answered with 200", (load.statuses["200"] ?? 0) / took, perSecond),
      lessIsBetter("GET jobs, p99", answers.p99 ?? Number.NaN, 50),
      moreIsBetter("events that came to each socket", load.events / sockets / seconds, eventsPerSecond),
      lessIsBetter("events, commit to arrival, p99", arrivals.p99 ?? Number.NaN, 250)
    ])
  }).pipe(Effect.scoped, Effect.runPromise)
