import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { promisify } from "node:util"
import { Context, Effect, Layer, Redacted, Schedule } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import { Archive } from "../../src/log/Archive.ts"
import { KafkaArchive } from "../../src/log/KafkaArchive.ts"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { ApiClient } from "../faults/ApiClient.ts"
import { auditLog } from "../faults/ArchiveAudit.ts"
import { until } from "../faults/Scene.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { makeTestRedis } from "../servers/TestRedis.ts"
import { makeRoleProcess, type Role, type RoleProcess, roles } from "./RoleProcess.ts"

const repository = resolve(import.meta.dirname, "../..")
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
}

/** The four roles as processes of their own, on real servers: the production shape on one machine. */
export const makePlatform = Effect.fnUntraced(function* (options: PlatformOptions) {
  const [source, target, kafka, redis] = yield* Effect.all(
    [makeTestPostgres({}), makeTestPostgres({}), makeTestKafka(), makeTestRedis()],
    { concurrency: 4 }
  )
  const controlUrl = yield* target.createDatabase("control")
  const sourceUrl = yield* source.createDatabase("shop")
  const targetUrl = yield* target.createDatabase("shop")
  for (const url of [sourceUrl, targetUrl]) yield* options.prepare(url)

  const httpPort = yield* freePort
  const replayerPort = yield* freePort
  const common = {
    DATABASE_URL: Redacted.value(controlUrl),
    SOURCE_URL: Redacted.value(sourceUrl),
    TARGET_URL: Redacted.value(targetUrl),
    REDIS_URL: Redacted.value(redis.url),
    KAFKA_BROKER: kafka.broker,
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
    promisify(execFile)(process.execPath, ["src/main/Cli.ts", "migrate"], {
      cwd: repository,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...common }
    })
  )

  const made: Array<readonly [Role, RoleProcess]> = []
  const probes = new Map<Role, string>()
  for (const role of roles) {
    const port = yield* freePort
    probes.set(role, `http://127.0.0.1:${port}/health/ready`)
    const dataDir = yield* temporaryFolder
    const env = { ...common, METRICS_PORT: String(port), DATA_DIR: dataDir }
    made.push([role, yield* makeRoleProcess(role, env)])
  }
  const processes = new Map(made)

  const isReady = (role: Role) =>
    Effect.tryPromise((signal) => fetch(probes.get(role) ?? "", { signal })).pipe(
      Effect.map((response) => response.ok),
      Effect.timeout("2 seconds")
    )
  const ready = Effect.gen(function* () {
    for (const role of roles) yield* until(`${role} is ready`, isReady(role))
  })
  const api = ApiClient.connect({ url: `http://127.0.0.1:${httpPort}`, ...admin }).pipe(
    Effect.retry({ schedule: Schedule.spaced("200 millis"), times: 150 })
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
    kafka,
    redis,
    sourceUrl,
    targetUrl,
    controlUrl,
    processes,
    isReady,
    ready,
    api,
    audit,
    archived
  } as const
})
