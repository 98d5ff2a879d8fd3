import { readFileSync } from "node:fs"
import { Effect, type Redacted, Schedule } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { follow, until } from "../faults/Scene.ts"
import { makeTestPrometheus } from "../servers/TestPrometheus.ts"
import { makePlatform } from "./Platform.ts"
import { type Platform, startJob, untilJob } from "./Scenario.ts"

export const deployedRules = (): string =>
  readFileSync(new URL("../../monitoring/rules.yml", import.meta.url), "utf8")

/** Windows and waits of minutes, as seconds. The expressions are the deployed ones. */
const hastened = (rules: string): string =>
  rules.replaceAll(/\[\d+m\]/gu, "[6s]").replaceAll(/for: \d+m/gu, "for: 1s")

const tables = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
      session.script(`
        CREATE TABLE public.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, word text);
        CREATE TABLE public.checked (id bigint PRIMARY KEY)`)
    )
  )

/** In every row, to be looked for where it must not be. */
const cell = "marker-in-a-cell"
const key = 773_099_101

/** The four roles, a job that follows, and Prometheus that watches them under the names of `monitoring/prometheus.yml`. */
export const makeWatched = Effect.gen(function* () {
  const platform = yield* makePlatform({
    prepare: tables,
    targets: ["strict"],
    sourceSettings: { max_slot_wal_keep_size: "96MB" },
    env: { JOB_LEASE_DURATION_SECONDS: "5", LOG_LEVEL: "Debug" },
    kafkaUser: { name: "walstream", password: "password-of-kafka-here" }
  })
  for (const { start } of platform.processes.values()) yield* start
  const prometheus = yield* makeTestPrometheus({
    targets: Object.fromEntries(
      Array.from(platform.processes.keys(), (role) => [`walstream-${role}`, platform.metricsOf(role).host])
    ),
    rules: hastened(deployedRules())
  })
  yield* platform.ready
  const api = yield* platform.api
  const { id } = yield* follow(api)
  const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
  const insert = source.query(`INSERT INTO public.t (word) SELECT '${cell}' FROM generate_series(1, 5)`)
  yield* Effect.forkScoped(Effect.repeat(insert, Schedule.spaced("40 millis")))
  yield* untilJob(api, id, "the job goes on", (job) => job.events_processed > 100)
  return { platform, prometheus, api, job: id }
})

export type Watched = Effect.Success<typeof makeWatched>

/** A fault, and what it makes fire. */
interface Fault {
  readonly alerts: ReadonlyArray<string>
  readonly cause: (watched: Watched) => Effect.Effect<unknown, unknown>
  /** What lasts a moment only comes again until all have fired: a scrape of a busy process may miss one. */
  readonly again?: (watched: Watched) => Effect.Effect<unknown, unknown>
  /** Runs when all of them have fired; what passes by itself needs nothing. */
  readonly mend?: (watched: Watched) => Effect.Effect<unknown, unknown>
  /** A process is started anew for it, which takes its time. */
  readonly restarts?: true
  /** What fires once it is mended. */
  readonly afterwards?: ReadonlyArray<string>
}

const statement = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(sql)))

/** The source begins another file of WAL, of 16 MB. */
const wal = "SELECT pg_logical_emit_message(false, 'test', 'x'); SELECT pg_switch_wal();"

/** Somebody else holds the table at the target. */
const holdTable = ({ platform }: Watched) =>
  statement(
    platform.targetUrl,
    "BEGIN; LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(1.2); COMMIT"
  )

/** Its target rejects the row that it is all about. */
const rejectedJob = ({ api }: Watched) =>
  startJob(api, {
    start_time: null,
    follow: true,
    speed_factor: "max",
    tables: ["public.checked"],
    target: "strict"
  })

/** Each alert of `monitoring/rules.yml`, by what brings it about, while the load goes on. */
export const faults: ReadonlyArray<Fault> = [
  {
    alerts: ["ControlPlaneDown"],
    restarts: true,
    cause: ({ platform }) => platform.processOf("control").stop,
    mend: ({ platform }) => platform.processOf("control").start
  },
  {
    // Kafka takes and gives nothing, and the source writes: what waited is late afterwards.
    alerts: ["IngestorStalled", "SlotRetainedWalHigh", "ReplayerStalled"],
    cause: ({ platform }) =>
      Effect.andThen(platform.kafka.freeze, statement(platform.sourceUrl, wal.repeat(4))),
    mend: ({ platform }) => platform.kafka.thaw,
    afterwards: ["HighIngestLatency"]
  },
  {
    // What workers send goes nowhere, and there is much of it.
    alerts: ["ReplayerStalled", "KafkaConsumerLagCritical"],
    cause: ({ platform }) =>
      Effect.andThen(
        platform.processOf("replayer").freeze,
        statement(
          platform.sourceUrl,
          `INSERT INTO public.t (word) SELECT '${cell}' FROM generate_series(1, 12000)`
        )
      ),
    mend: ({ platform }) => platform.processOf("replayer").thaw
  },
  {
    alerts: ["HighReplayLatency"],
    cause: holdTable,
    again: holdTable
  },
  {
    alerts: ["JobLeaseExpiredWithRunningState"],
    cause: ({ platform }) => platform.processOf("worker").freeze,
    mend: ({ platform }) => platform.processOf("worker").thaw
  },
  {
    // One process has another idea of how much the stream may hold.
    alerts: ["RedisStreamNearCapacity"],
    restarts: true,
    cause: ({ platform }) => restarted(platform, { REDIS_STREAM_MAXLEN: "1000" }),
    mend: ({ platform }) => restarted(platform, { REDIS_STREAM_MAXLEN: "100000" })
  },
  {
    alerts: ["ReplayerHighFailureRate"],
    cause: Effect.fnUntraced(function* (watched) {
      const { platform } = watched
      const strict = platform.targetUrls.get("strict") ?? platform.targetUrl
      yield* statement(strict, "ALTER TABLE public.checked ADD CHECK (id < 1000)")
      yield* statement(platform.sourceUrl, `INSERT INTO public.checked VALUES (${key})`)
      yield* rejectedJob(watched)
    }),
    again: rejectedJob
  }
]

const restarted = (platform: Platform, environment: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    Object.assign(platform.environmentOf("worker"), environment)
    yield* platform.processOf("worker").stop
    yield* platform.processOf("worker").start
  })

/** Brings a fault about and waits until its alerts have fired, then until they are resolved; says how long both took. */
export const firesAndResolves = Effect.fnUntraced(function* (watched: Watched, fault: Fault) {
  const { prometheus, platform } = watched
  const { alerts, cause, again = () => Effect.never, mend, afterwards = [] } = fault
  const begun = performance.now()
  const seconds = () => ((performance.now() - begun) / 1000).toFixed(1)
  const fire = (names: ReadonlyArray<string>) => {
    const missing = new Set(names)
    return until(
      `${names.join(", ")} fire`,
      Effect.map(prometheus.firing, (firing) => {
        for (const name of firing) missing.delete(name)
        return missing.size === 0
      })
    )
  }
  yield* cause(watched)
  yield* Effect.raceFirst(fire(alerts), Effect.forever(Effect.delay(again(watched), "3 seconds")))
  const fired = seconds()
  if (mend !== undefined) yield* mend(watched)
  yield* fire(afterwards)
  const all = [...alerts, ...afterwards]
  yield* until(
    `${all.join(", ")} resolve`,
    Effect.gen(function* () {
      // The server looks anew at what it has to keep.
      yield* statement(platform.sourceUrl, "CHECKPOINT")
      const firing = yield* prometheus.firing
      return !all.some((name) => firing.has(name))
    }),
    90
  )
  return `${all.join(", ")}: fired after ${fired} s, resolved after ${seconds()} s`
})
