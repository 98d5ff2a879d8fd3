import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { type AddressInfo, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { until } from "../faults/Scene.ts"
import { administer } from "../log/KafkaFixture.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makeTestKafka } from "../servers/TestKafka.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { makeTestRedis } from "../servers/TestRedis.ts"
import { makeRoleProcess, type Role, roles, sources } from "./RoleProcess.ts"

const patience = { timeout: 60_000, retry: 0 }

/** Two brokers, one of which asks who we are; a Redis with a password; a source, and a database that nobody migrated. */
const makeServers = Effect.gen(function* () {
  const user = { name: "walstream", password: "right" }
  const [postgres, kafka, guarded, redis] = yield* Effect.all(
    [makeTestPostgres(), makeTestKafka(), makeTestKafka({ user }), makeTestRedis({ password: "right" })],
    { concurrency: 4 }
  )
  const control = yield* postgres.createDatabase("control")
  let made = 0
  /** Settings that work, over a source, a slot and a topic of their own. */
  const fresh = Effect.gen(function* () {
    const source = yield* postgres.createDatabase(`shop_${++made}`)
    const session = yield* connectPg({ url: source, applicationName: "test" })
    yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY)")
    const dataDir = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-bad-"))),
      (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
    )
    const env = {
      SOURCE_URL: Redacted.value(source),
      TARGET_URL: Redacted.value(postgres.url("postgres")),
      REDIS_URL: Redacted.value(redis.url),
      KAFKA_BROKER: kafka.broker,
      KAFKA_TOPIC: `topic-${made}`,
      SLOT_NAME: `slot_${made}`,
      SECRET_KEY: "of this test: 0123456789 abcdefghijklmnop",
      HTTP_PORT: "0",
      METRICS_PORT: "0",
      REPLAYER_PORT: "0",
      DATA_DIR: dataDir
    }
    return { env, session }
  })
  return { kafka, guarded, control: Redacted.value(control), fresh }
})

class Servers extends Context.Service<Servers, Effect.Success<typeof makeServers>>()("test/Servers") {
  static readonly layer = Layer.effect(Servers, makeServers)
}

/** How a role that cannot start ends, and its last words; what it logged before is left out. */
const ends = (role: Role, environment: Readonly<Record<string, string>>) =>
  Effect.promise(async () => {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", sources.file(role)], {
      cwd: sources.folder,
      env: { PATH: process.env["PATH"], LOG_FORMAT: "json", ...environment },
      stdio: ["ignore", "ignore", "pipe"]
    })
    let said = ""
    child.stderr.on("data", (chunk) => {
      said += String(chunk)
    })
    const [code] = await once(child, "close")
    const lines = said.split("\n").filter((line) => line.startsWith("walstream: "))
    return { code, lines: lines.map((line) => line.slice("walstream: ".length)) }
  })

/** One line, which says all of these; and code 1. */
const refuses = Effect.fnUntraced(function* (
  role: Role,
  environment: Readonly<Record<string, string>>,
  ...words: ReadonlyArray<string>
) {
  const { code, lines } = yield* ends(role, environment)
  assert.deepStrictEqual([code, lines.length], [1, 1], lines.join("\n"))
  for (const word of words) assert.include(lines[0], word)
  assert.notInclude(lines[0], "hunter2")
})

/** A role that goes on: what it says comes to hold this text, once. */
const says = Effect.fnUntraced(function* (log: () => string, text: string) {
  yield* until(
    `it says: ${text}`,
    Effect.sync(() => log().includes(text)),
    30
  )
})
const warningsWith = (log: string, text: string) =>
  log.split("\n").filter((line) => line.includes(text) && line.includes('"level":"WARN"')).length

/** Somebody else's port, where every connection is closed at once; and how many there were. */
const stranger = Effect.acquireRelease(
  Effect.promise(async () => {
    const met = { connections: 0 }
    const server = createServer((socket) => {
      met.connections++
      socket.destroy()
    }).listen(0, "127.0.0.1")
    await once(server, "listening")
    return { server, met }
  }),
  ({ server }) => Effect.sync(() => server.close())
).pipe(
  // A TCP server's address is an object, never a pipe's name.
  Effect.map(({ server, met }) => ({ port: String((server.address() as AddressInfo).port), met }))
)

/** The ingestor captures what is committed now. */
const captures = Effect.fnUntraced(function* (
  { kafka, fresh }: Effect.Success<typeof makeServers>,
  bad: Readonly<Record<string, string>>,
  word: string
) {
  const { env, session } = yield* fresh
  const ingestor = yield* makeRoleProcess("ingestor", { ...env, ...bad })
  yield* ingestor.start
  yield* Effect.onError(
    Effect.gen(function* () {
      yield* says(ingestor.log, "capturing source")
      yield* session.script("INSERT INTO public.t VALUES (1)")
      yield* until(
        "the change is in the topic",
        Effect.map(
          administer(kafka.broker, (admin) =>
            admin.listOffsets({
              topics: [
                {
                  name: env.KAFKA_TOPIC,
                  partitions: Array.from({ length: 8 }, (_, partitionIndex) => ({
                    partitionIndex,
                    timestamp: -1n
                  }))
                }
              ]
            })
          ),
          (topics) => topics.some((topic) => topic.partitions.some(({ offset }) => offset > 0n))
        )
      )
      yield* says(ingestor.log, word)
      assert.deepStrictEqual(ingestor.ownEnds(), [])
    }),
    () => Effect.sync(() => console.error(ingestor.log().slice(-4000)))
  )
})

describeWith("kafka", "a deployment with a mistake in it", () => {
  describeWith("redis-server", "on real servers", () => {
    layer(Servers.layer, { timeout: "60 seconds", excludeTestServices: true })((it) => {
      it.effect(
        "lacks settings: each role names all of them, and ends with 78",
        () =>
          Effect.gen(function* () {
            const { code, lines } = yield* ends("control", { HTTP_PORT: "web" })
            assert.strictEqual(code, 78)
            assert.deepStrictEqual(
              lines.map((line) => line.split(/[ ,]/u)[0]),
              [
                "HTTP_PORT",
                "SOURCE_URL",
                "DATABASE_URL",
                "KAFKA_BROKER",
                "REDIS_URL",
                "SECRET_KEY",
                "TARGET_URL"
              ]
            )
          }),
        patience
      )

      it.effect(
        "names a broker that is none: the ingestor waits, and says so once",
        () =>
          Effect.gen(function* () {
            const { env } = yield* (yield* Servers).fresh
            const { port, met } = yield* stranger
            const ingestor = yield* makeRoleProcess("ingestor", { ...env, KAFKA_BROKER: `127.0.0.1:${port}` })
            yield* ingestor.start
            yield* says(ingestor.log, "the archive is waited for: kafka archive: the store does not answer")
            const { connections } = met
            yield* until(
              "it has tried again and again",
              Effect.sync(() => met.connections > connections + 6)
            )
            assert.strictEqual(warningsWith(ingestor.log(), "the archive is waited for"), 1)
            assert.deepStrictEqual(ingestor.ownEnds(), [])
            assert.strictEqual(yield* ingestor.stop, 0)
          }).pipe(Effect.scoped),
        patience
      )

      it.effect(
        "has a wrong password for Kafka: says which settings to look at",
        () =>
          Effect.gen(function* () {
            const { guarded, fresh } = yield* Servers
            const { env } = yield* fresh
            const login = { KAFKA_USERNAME: "walstream", KAFKA_PASSWORD: "hunter2" }
            yield* refuses(
              "ingestor",
              { ...env, KAFKA_BROKER: guarded.broker, ...login },
              "refuses the credentials",
              "KAFKA_PASSWORD"
            )
          }).pipe(Effect.scoped),
        patience
      )

      it.effect(
        "has a topic that would lose commit times, and one that is another source's",
        () =>
          Effect.gen(function* () {
            const servers = yield* Servers
            const { env } = yield* servers.fresh
            yield* administer(servers.kafka.broker, (admin) =>
              admin.createTopics({
                topics: ["stamped"],
                partitions: 1,
                replicas: 1,
                configs: [{ name: "message.timestamp.type", value: "LogAppendTime" }]
              })
            )
            yield* refuses(
              "ingestor",
              { ...env, KAFKA_TOPIC: "stamped" },
              "message.timestamp.type=LogAppendTime",
              "kafka-configs.sh --alter --topic stamped"
            )
            const ingestor = yield* makeRoleProcess("ingestor", env)
            yield* ingestor.start
            yield* says(ingestor.log, "capturing source")
            yield* ingestor.stop
            yield* refuses(
              "ingestor",
              { ...env, SOURCE_ID: "renamed" },
              'is the log of source "source", not of "renamed"',
              "set SOURCE_ID"
            )
          }).pipe(Effect.scoped),
        patience
      )

      it.effect(
        "has a wrong password for Redis: capture goes on, and says so",
        () =>
          Effect.gen(function* () {
            const servers = yield* Servers
            const { port } = new URL(Redacted.value(Redacted.make((yield* servers.fresh).env.REDIS_URL)))
            yield* captures(
              servers,
              { REDIS_URL: `redis://:hunter2@127.0.0.1:${port}` },
              "wrong user or password"
            )
          }).pipe(Effect.scoped),
        patience
      )

      it.effect(
        "has a control database that nobody migrated: worker and control refuse it, capture goes on and says so",
        () =>
          Effect.gen(function* () {
            const servers = yield* Servers
            const { env } = yield* servers.fresh
            const DATABASE_URL = servers.control
            for (const role of roles.filter((each) => each === "worker" || each === "control"))
              yield* refuses(role, { ...env, DATABASE_URL }, "npx walstream migrate")
            yield* captures(servers, { DATABASE_URL }, "npx walstream migrate")
          }).pipe(Effect.scoped),
        { ...patience, timeout: 90_000 }
      )

      it.effect(
        "has a port that is taken: says which setting to change",
        () =>
          Effect.gen(function* () {
            const { env } = yield* (yield* Servers).fresh
            const { port } = yield* stranger
            yield* refuses(
              "replayer",
              { ...env, METRICS_PORT: port },
              `port ${port} is in use`,
              "set METRICS_PORT"
            )
            yield* refuses(
              "replayer",
              { ...env, REPLAYER_PORT: port },
              `127.0.0.1:${port}: another program listens there already`,
              "set REPLAYER_PORT"
            )
          }).pipe(Effect.scoped),
        patience
      )
    })
  })
})
