import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaArchive } from "../../src/log/KafkaArchive.ts"
import { demoSchema } from "../../src/main/demo/DemoSchema.ts"
import { seedDemo } from "../../src/main/demo/DemoSeed.ts"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { ApiClient } from "../faults/ApiClient.ts"
import { auditLog } from "../faults/ArchiveAudit.ts"
import { until } from "../faults/Scene.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { makeTestRedis } from "../servers/TestRedis.ts"
import { makeRoleProcess, type Program, type Role, type RoleProcess, roles, sources } from "./RoleProcess.ts"

const admin = { username: "admin", password: "a password of this test" }

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-platform-"))),
  (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

export interface PlatformOptions {
  /** Beside the addresses. */
  readonly env?: Readonly<Record<string, string>>
  /** Makes the tables, in source and target alike. */
  readonly prepare: (url: Redacted.Redacted) => Effect.Effect<unknown, unknown>
  /** Names of targets beside `default`, each a database of its own. */
  readonly targets?: ReadonlyArray<string>
  /** How many worker processes; 1 if not given. */
  readonly workers?: number
  /** How many ingestors; 1 if not given. */
  readonly ingestors?: number
  /** Of the source's server. */
  readonly sourceSettings?: Readonly<Record<string, string>>
  /** Whom Kafka asks for; nobody if not given. */
  readonly kafkaUser?: { readonly name: string; readonly password: string }
  /** Where the program lies; the repository's sources if not given. */
  readonly program?: Program
}

/** The shop's tables, empty. */
export const emptyShop = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
      session.script(demoSchema.join(";\n"))
    )
  )

/** Those of a role beside the first. */
const further = (role: Role, count = 1) =>
  Array.from({ length: count - 1 }, (_, i) => [`${role}-${i + 2}`, role] as const)

/** The four roles as processes of their own, on real servers: the production shape on one machine. */
export const makePlatform = Effect.fnUntraced(function* (options: PlatformOptions) {
  const { program = sources } = options
  const [source, target, control, kafka, redis] = yield* Effect.all(
    [
      makeTestPostgres({ settings: options.sourceSettings ?? {} }),
      makeTestPostgres({}),
      makeTestPostgres({}),
      makeTestKafka(options.kafkaUser === undefined ? {} : { user: options.kafkaUser }),
      makeTestRedis({ password: "password-of-redis-here" })
    ],
    { concurrency: 5 }
  )
  const controlUrl = yield* control.createDatabase("control")
  const sourceUrl = yield* source.createDatabase("shop")
  const targetUrl = yield* target.createDatabase("shop")
  for (const url of [sourceUrl, targetUrl]) yield* options.prepare(url)
  const targetUrls = new Map([["default", targetUrl]])
  for (const name of options.targets ?? []) {
    targetUrls.set(name, yield* target.createDatabase(name, "shop"))
  }

  const httpPort = yield* freePort
  const replayerPort = yield* freePort
  const common = {
    DATABASE_URL: Redacted.value(controlUrl),
    SOURCE_URL: Redacted.value(sourceUrl),
    TARGET_URL: Redacted.value(targetUrl),
    ...Object.fromEntries(
      (options.targets ?? []).map((name) => [
        `TARGET_${name.toUpperCase()}_URL`,
        Redacted.value(targetUrls.get(name) ?? targetUrl)
      ])
    ),
    REDIS_URL: Redacted.value(redis.url),
    KAFKA_BROKER: kafka.broker,
    ...(options.kafkaUser === undefined
      ? {}
      : { KAFKA_USERNAME: options.kafkaUser.name, KAFKA_PASSWORD: options.kafkaUser.password }),
    SECRET_KEY: "of this test: 0123456789 abcdefghijklmnop",
    ADMIN_USERNAME: admin.username,
    ADMIN_PASSWORD: admin.password,
    HTTP_PORT: String(httpPort),
    REPLAYER_HOST: "127.0.0.1",
    REPLAYER_PORT: String(replayerPort),
    REPLAYER_TOKEN: "shown by workers: 0123456789 abcdefghijkl",
    ...options.env
  }
  yield* Effect.promise(() =>
    promisify(execFile)(process.execPath, [program.file("Cli"), "migrate"], {
      cwd: program.folder,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...common }
    })
  )

  const processes = new Map<string, RoleProcess>()
  const probes = new Map<string, string>()
  const dataDirs = new Map<string, string>()
  const environments = new Map<string, Record<string, string>>()
  const named: ReadonlyArray<readonly [string, Role]> = [
    ...roles.map((role) => [role, role] as const),
    ...further("worker", options.workers),
    ...further("ingestor", options.ingestors)
  ]
  for (const [name, role] of named) {
    const port = yield* freePort
    probes.set(name, `http://127.0.0.1:${port}/health/ready`)
    const dataDir = yield* temporaryFolder
    dataDirs.set(name, dataDir)
    const env = { ...common, METRICS_PORT: String(port), DATA_DIR: dataDir }
    environments.set(name, env)
    processes.set(name, yield* makeRoleProcess(role, env, program))
  }
  /** By role; further ones are `worker-2` and so on. */
  const processOf = (name: string): RoleProcess => {
    const found = processes.get(name)
    if (found === undefined) throw new RangeError(`no process ${name}`)
    return found
  }

  /** Where it tells its metrics. */
  const metricsOf = (name: string): URL => new URL("/metrics", probes.get(name))
  /** What its next life is given: to be changed while it is away. */
  const environmentOf = (name: string): Record<string, string> => environments.get(name) ?? {}

  /** Its DATA_DIR. */
  const dataDirOf = (name: string): string => dataDirs.get(name) ?? ""

  const isReady = (name: string) =>
    Effect.tryPromise((signal) => fetch(probes.get(name) ?? "", { signal })).pipe(
      Effect.map((response) => response.ok),
      Effect.timeout("2 seconds")
    )
  const ready = Effect.gen(function* () {
    for (const name of processes.keys()) yield* until(`${name} is ready`, isReady(name))
  })
  const seed = Effect.scoped(Effect.flatMap(connectPg({ url: sourceUrl, applicationName: "test" }), seedDemo))
  /** Prints the ends of all logs, for a test that failed. */
  const tellLogs = Effect.sync(() => {
    for (const [name, { log }] of processes) console.error(`${name}:\n${log().slice(-4000)}`)
  })
  const api = ApiClient.connect({ url: `http://127.0.0.1:${httpPort}`, ...admin }).pipe(
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 300 })
  )

  /** Reads the archive as a process of its own would. */
  const audit = Effect.flatMap(
    Layer.build(
      KafkaArchive.layer({
        brokers: [kafka.broker],
        topic: "walstream.archive",
        source: "source",
        role: "reader"
      }).pipe(Layer.provide(ActorSystem.layer))
    ),
    (services) => auditLog(Context.get(services, Archive))
  ).pipe(Effect.scoped)

  const sourceEnd = Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url: sourceUrl, applicationName: "test" })
      const [row] = yield* session.query("SELECT pg_current_wal_insert_lsn() AS lsn")
      return parseLsn(row?.["lsn"] ?? "") ?? 0n
    })
  )
  /** Waits until the archive has all that the source has done so far; the last seq. */
  const archived = (client: ApiClient, seconds = 90) =>
    Effect.gen(function* () {
      const end = yield* sourceEnd
      yield* until(
        "capture reaches the source's end",
        Effect.map(
          client.source,
          ({ phase, frontier }) => phase === "capturing" && (parseLsn(frontier) ?? 0n) >= end
        ),
        seconds
      )
      yield* until(
        "the control process sees all of it",
        Effect.map(
          Effect.all([client.source, client.coverage]),
          ([{ seq }, { archive }]) => archive.coverage.next_seq > seq
        )
      )
      return (yield* client.coverage).archive.coverage.next_seq - 1
    })

  return {
    source,
    target,
    control,
    kafka,
    redis,
    admin,
    pageUrl: `http://127.0.0.1:${httpPort}`,
    sourceUrl,
    targetUrl,
    targetUrls,
    controlUrl,
    processes,
    processOf,
    metricsOf,
    environmentOf,
    dataDirOf,
    isReady,
    ready,
    seed,
    tellLogs,
    api,
    audit,
    archived
  } as const
})
