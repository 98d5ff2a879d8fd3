import { type ChildProcess, spawn } from "node:child_process"
import { createPrivateKey } from "node:crypto"
import { once } from "node:events"
import { createWriteStream, existsSync, readdirSync, writeFileSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Effect } from "effect"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { kafkaClasses, kafkaJars } from "./Capability.ts"

export interface TestKafkaOptions {
  /** Lines of `server.properties` that differ from this file's. */
  readonly settings?: Readonly<Record<string, string>>
  /** Asks every client for SCRAM-SHA-512 credentials; these are the only ones. */
  readonly user?: { readonly name: string; readonly password: string }
  /** Speaks TLS with clients. */
  readonly tls?: TestKafkaTls
  /** One of several. They find each other once most of them have been started. */
  readonly node?: KafkaNode
  /** What clients are told to connect to, where something stands before the broker. */
  readonly advertisedPort?: number
  /** How Java runs it. By default such that it starts soon and needs little, not such that it works fast. */
  readonly javaFlags?: ReadonlyArray<string>
}

/** Certificates and keys, PEM. */
export interface TestKafkaTls {
  readonly certificate: string
  readonly key: string
  /** Who made the certificate, and those of clients. */
  readonly authority: string
  /** Clients need a certificate. */
  readonly mutual?: boolean
}

export interface Ports {
  readonly client: number
  readonly controller: number
}

export interface KafkaNode {
  readonly id: number
  /** By id, itself included. */
  readonly all: ReadonlyMap<number, Ports>
}

/** A real broker (KRaft, one node unless told otherwise) that a test may mistreat. Data and port stay the same over all its lives. */
export interface TestKafka {
  /** `host:port` */
  readonly broker: string
  readonly port: number
  readonly pid: () => number
  readonly start: Effect.Effect<void>
  /** An orderly shutdown; thaws it first. */
  readonly stop: Effect.Effect<void>
  /** SIGKILL, as a power cut would. */
  readonly kill: Effect.Effect<void>
  /** SIGSTOP: connections stay open and nothing answers. */
  readonly freeze: Effect.Effect<void>
  readonly thaw: Effect.Effect<void>
  /** What the broker has logged in all its lives. */
  readonly log: Effect.Effect<string>
}

const loggers = `<?xml version="1.0"?>
<Configuration status="OFF">
  <Appenders><Console name="out"><PatternLayout pattern="%d %p %c{1} %m%n"/></Console></Appenders>
  <Loggers><Root level="INFO"><AppenderRef ref="out"/></Root></Loggers>
</Configuration>`

const scram = ({ name, password }: NonNullable<TestKafkaOptions["user"]>) => ({
  "sasl.enabled.mechanisms": "SCRAM-SHA-512",
  "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
  "listener.name.client.scram-sha-512.sasl.jaas.config": `org.apache.kafka.common.security.scram.ScramLoginModule required username="${name}" password="${password}";`
})

/** Kafka takes keys as PKCS #8 only. */
const tls = (directory: string, { certificate, key, authority, mutual = false }: TestKafkaTls) => {
  const keyStore = join(directory, "broker.pem")
  const pkcs8 = createPrivateKey(key).export({ type: "pkcs8", format: "pem" })
  writeFileSync(keyStore, `${pkcs8}${certificate}`)
  const trustStore = join(directory, "authority.pem")
  writeFileSync(trustStore, authority)
  return {
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": keyStore,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": trustStore,
    "ssl.client.auth": mutual ? "required" : "none"
  }
}

const protocol = ({ user, tls: secured }: TestKafkaOptions): string =>
  `${user === undefined ? "" : "SASL_"}${secured === undefined ? "PLAINTEXT" : "SSL"}`

const properties = (directory: string, { client, controller }: Ports, options: TestKafkaOptions): string => {
  const { user, node = { id: 1, all: new Map([[1, { client, controller }]]) } } = options
  const voters = [...node.all].map(([id, ports]) => `${id}@127.0.0.1:${ports.controller}`)
  const all: Record<string, string> = {
    "process.roles": "broker,controller",
    "node.id": String(node.id),
    "controller.quorum.voters": voters.join(","),
    listeners: `CLIENT://127.0.0.1:${client},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `CLIENT://127.0.0.1:${options.advertisedPort ?? client}`,
    "listener.security.protocol.map": `CLIENT:${protocol(options)},CONTROLLER:PLAINTEXT`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENT",
    "log.dirs": join(directory, "data"),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "auto.create.topics.enable": "false",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    // A killed broker is taken for alive until its session ends; the restart waits for that.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.segment.delete.delay.ms": "100",
    "log.retention.check.interval.ms": "500",
    "log.initial.task.delay.ms": "500",
    ...(user === undefined ? {} : scram(user)),
    ...(options.tls === undefined ? {} : tls(directory, options.tls)),
    ...options.settings
  }
  return Object.entries(all)
    .map(([key, value]) => `${key}=${value}`)
    .join("\n")
}

const quickStart = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
const shared = [
  `-XX:SharedArchiveFile=${kafkaClasses}`,
  "-Xshare:auto",
  "-Xlog:cds=off",
  "-Xlog:cds+dynamic=off"
]

const java = (
  directory: string,
  flags: ReadonlyArray<string>,
  ...args: ReadonlyArray<string>
): ChildProcess => {
  const classpath = readdirSync(kafkaJars)
    .filter((name) => name.endsWith(".jar"))
    .toSorted()
    .map((jar) => join(kafkaJars, jar))
    .join(":")
  const classes = existsSync(kafkaClasses) ? shared : []
  const logging = `-Dlog4j2.configurationFile=${join(directory, "log4j2.xml")}`
  return spawn("java", [...flags, ...classes, logging, "-cp", classpath, ...args], {
    stdio: ["ignore", "pipe", "pipe"]
  })
}

const format = async (directory: string, config: string, user: TestKafkaOptions["user"]): Promise<void> => {
  const users =
    user === undefined ? [] : ["--add-scram", `SCRAM-SHA-512=[name=${user.name},password=${user.password}]`]
  const args = ["format", "--cluster-id", "4L6g3nShT-eMCtK--X86sw", "--config", config, ...users]
  const child = java(directory, ["-Xmx128m", ...quickStart], "kafka.tools.StorageTool", ...args)
  let said = ""
  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (text: Buffer) => {
      said += text.toString()
    })
  }
  const [code] = await once(child, "close")
  if (code !== 0) throw new Error(`the storage of a test's Kafka could not be formatted: ${said}`)
}

const temporaryDirectory = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-kafka-"))),
  (directory) => Effect.promise(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }))
)

const freePorts = Effect.all({ client: freePort, controller: freePort })

/** Starts one, about 2 s and 360 MB; it ends, and its data are removed, with the scope. */
export const makeTestKafka = Effect.fnUntraced(function* (options: TestKafkaOptions = {}) {
  const directory = yield* temporaryDirectory
  const ports = options.node?.all.get(options.node.id) ?? (yield* freePorts)
  const config = join(directory, "server.properties")
  const logFile = join(directory, "server.log")
  let child: ChildProcess | undefined

  const begin = async (): Promise<void> => {
    if (child !== undefined) return
    const started = java(directory, options.javaFlags ?? ["-Xmx256m", ...quickStart], "kafka.Kafka", config)
    child = started
    const { stdout, stderr } = started
    if (stdout === null || stderr === null) throw new Error("a piped child has outputs")
    const log = createWriteStream(logFile, { flags: "a" })
    stderr.pipe(log, { end: false })
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: stdout }).on("line", (line) => {
        log.write(`${line}\n`)
        if (line.includes("Kafka Server started")) resolve()
      })
      started.once("close", () => {
        log.end()
        if (child === started) child = undefined
        reject(new Error("a test's Kafka ended before it was ready"))
      })
    })
  }
  const signal = (name: NodeJS.Signals) =>
    Effect.sync(() => {
      child?.kill(name)
    })
  const end = (name: NodeJS.Signals) =>
    Effect.promise(async () => {
      const ending = child
      if (ending === undefined) return
      child = undefined
      const closed = once(ending, "close")
      ending.kill("SIGCONT")
      ending.kill(name)
      await closed
    })

  yield* Effect.promise(async () => {
    await writeFile(join(directory, "log4j2.xml"), loggers)
    await writeFile(config, properties(directory, ports, options))
    await format(directory, config, options.user)
  })
  // Nothing of it is wanted after the scope: no orderly shutdown.
  yield* Effect.addFinalizer(() => end("SIGKILL"))
  const start = Effect.promise(begin)
  yield* start

  const server: TestKafka = {
    broker: `127.0.0.1:${options.advertisedPort ?? ports.client}`,
    port: ports.client,
    pid: () => child?.pid ?? 0,
    start,
    stop: end("SIGTERM"),
    kill: end("SIGKILL"),
    freeze: signal("SIGSTOP"),
    thaw: signal("SIGCONT"),
    log: Effect.promise(() => readFile(logFile, "utf8"))
  }
  return server
})

/** Runs one from start to end, and keeps its classes as they were loaded. */
export const keepKafkaClasses = Effect.scoped(
  Effect.flatMap(
    makeTestKafka({
      javaFlags: ["-Xmx256m", ...quickStart, `-XX:ArchiveClassesAtExit=${kafkaClasses}`]
    }),
    ({ stop }) => stop
  )
)
