import { Context, Effect, Layer, Option, type Redacted, Result, Schema } from "effect"
import { demoRetention } from "./Retention.ts"
import {
  list,
  oneOf,
  optional,
  optionalNumber,
  type Setting,
  secret,
  wholeNumber,
  withFallback
} from "./Setting.ts"

const postgresUrl = Schema.String.check(Schema.isPattern(/^postgres(ql)?:\/\/[^/\s]+\/[^\s]+$/u))
const urlWords = "a URL like postgres://user:password@host:5432/database"
const identifier = Schema.String.check(Schema.isPattern(/^[a-z0-9_]{1,63}$/u))
const identifierWords = "1 to 63 of a-z, 0-9 and _"
const text = Schema.String.check(Schema.isMinLength(1))
const redisUrl = Schema.String.check(Schema.isPattern(/^rediss?:\/\/[^/\s]+(\/\d+)?$/u))
const aFile = "a file in PEM"

/** A key that a person made up is guessed; 32 characters of which at least 10 differ is not a word. */
const strongSecret = Schema.String.check(
  Schema.isMinLength(32),
  Schema.makeFilter((value: string) => new Set(value).size >= 10)
)

/**
 * Every variable that WalStream reads; `settingGroups` says who, and in which order they are shown. This is their only
 * definition: nothing else reads the environment.
 */
export const definitions = {
  sourceUrl: secret(
    "SOURCE_URL",
    "The database to capture. Not set: the embedded demo shop.",
    urlWords,
    postgresUrl
  ),
  sourceId: withFallback(
    "SOURCE_ID",
    "source",
    "The source's name, given once and kept.",
    identifierWords,
    identifier
  ),
  targetUrl: secret(
    "TARGET_URL",
    "The target named `default`. Further ones: TARGET_<NAME>_URL, named <name> in lower case.",
    urlWords,
    postgresUrl
  ),
  databaseUrl: secret(
    "DATABASE_URL",
    "The control database: jobs, users, leases. Not set: an embedded one in DATA_DIR.",
    urlWords,
    postgresUrl
  ),
  slotName: withFallback(
    "SLOT_NAME",
    "walstream_slot",
    "The replication slot, made when missing, never dropped.",
    identifierWords,
    identifier
  ),
  publicationName: withFallback(
    "PUBLICATION_NAME",
    "walstream_publication",
    "The publication, made when missing; one that you made is respected.",
    identifierWords,
    identifier
  ),
  capturePlugin: oneOf("CAPTURE_PLUGIN", ["pgoutput", "wal2json"], "pgoutput", "The slot's output plugin."),
  captureExcludeColumns: list(
    "CAPTURE_EXCLUDE_COLUMNS",
    "Columns that never leave the source's connection.",
    "a list of schema.table.column with commas between",
    /^[^.,\s]+\.[^.,\s]+\.[^.,\s]+$/u
  ),
  captureNewTables: oneOf(
    "CAPTURE_NEW_TABLES",
    ["watch", "trigger"],
    "watch",
    "How new tables are found: by looking every 10 seconds, or by an event trigger in the source (needs a superuser), which misses not even their first row."
  ),
  dataDir: withFallback(
    "DATA_DIR",
    ".walstream",
    "Where the embedded stores keep their files.",
    "a folder",
    text
  ),
  archiveMaxAgeHours: optionalNumber(
    "ARCHIVE_MAX_AGE_HOURS",
    [0, 87_600],
    `The embedded archive forgets what is older; 0 keeps all. Not set: ${demoRetention.maxAgeHours} in the demo, 0 with your own SOURCE_URL.`
  ),
  archiveMaxBytes: optionalNumber(
    "ARCHIVE_MAX_BYTES",
    [0, Number.MAX_SAFE_INTEGER],
    `The embedded archive forgets its oldest transactions above this size; 0 for no bound. Not set: ${demoRetention.maxBytes} in the demo, 0 with your own SOURCE_URL.`
  ),
  redisUrl: secret(
    "REDIS_URL",
    "The live buffer. Not set: the memory of the one process.",
    "a URL like redis://user:password@host:6379/0, rediss:// for TLS",
    redisUrl
  ),
  redisStreamKey: withFallback(
    "REDIS_STREAM_KEY",
    "walstream:events",
    "The stream's key in Redis, one per source.",
    "a key",
    text
  ),
  redisStreamMaxBytes: wholeNumber(
    "REDIS_STREAM_MAXBYTES",
    268_435_456,
    [1_048_576, Number.MAX_SAFE_INTEGER],
    "Bytes that the stream in Redis holds at most."
  ),
  bufferMaxChanges: wholeNumber(
    "REDIS_STREAM_MAXLEN",
    100_000,
    [1000, 100_000_000],
    "Changes that the live buffer holds at most; a stream in Redis is kept at 85 % of it."
  ),
  kafkaBroker: list(
    "KAFKA_BROKER",
    "The archive: some of the cluster's brokers. Not set: a file in DATA_DIR, for one process.",
    "a list of host:port with commas between",
    /^[^:,\s]+:\d{1,5}$/u
  ),
  kafkaTopic: withFallback(
    "KAFKA_TOPIC",
    "walstream.archive",
    "The topic of the changes, one per source; <topic>.meta lies beside it. Made when missing.",
    "a topic's name",
    Schema.String.check(Schema.isPattern(/^[A-Za-z0-9._-]{1,200}$/u))
  ),
  kafkaPartitions: wholeNumber("KAFKA_PARTITIONS", 8, [1, 1000], "Partitions of a topic that we make."),
  kafkaReplicationFactor: wholeNumber(
    "KAFKA_REPLICATION_FACTOR",
    0,
    [0, 100],
    "Replicas of a topic that we make; 0 for 3, or as many as there are brokers."
  ),
  kafkaRetentionHours: wholeNumber(
    "KAFKA_RETENTION_HOURS",
    0,
    [0, 876_000],
    "How long a topic that we make keeps changes; 0 for ever."
  ),
  kafkaTls: oneOf("KAFKA_TLS", ["off", "on"], "off", "Whether brokers are reached by TLS."),
  kafkaTlsCa: optional(
    "KAFKA_TLS_CA",
    "Who vouches for the brokers. Not set: whom Node trusts.",
    aFile,
    text
  ),
  kafkaMechanism: oneOf(
    "KAFKA_SASL_MECHANISM",
    ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    "SCRAM-SHA-512",
    "How the user below is proved."
  ),
  kafkaUsername: optional("KAFKA_USERNAME", "The user at the brokers. Not set: none.", "a name", text),
  kafkaPassword: secret("KAFKA_PASSWORD", "Its password.", "a password", text),
  replayBufferMaxAgeSeconds: wholeNumber(
    "REPLAY_REDIS_MAX_AGE_SECONDS",
    3600,
    [0, 31_536_000],
    "A job whose window starts longer ago reads the archive."
  ),
  spillMemoryBytes: wholeNumber(
    "SPILL_MEMORY_BYTES",
    16_777_216,
    [1_048_576, 17_179_869_184],
    "Memory that transactions in progress may take before they go to disk."
  ),
  jobWorkerCount: wholeNumber(
    "JOB_WORKER_COUNT",
    4,
    [0, 64],
    "Jobs that run at the same time in this process."
  ),
  jobLeaseDurationSeconds: wholeNumber(
    "JOB_LEASE_DURATION_SECONDS",
    300,
    [5, 86_400],
    "How long a worker holds a job without renewing."
  ),
  maxEventRetries: wholeNumber(
    "MAX_EVENT_RETRIES",
    3,
    [0, 100],
    "How often a change that the target rejects is tried again."
  ),
  replayerHost: optional(
    "REPLAYER_HOST",
    "Worker: the replayer that applies its jobs; not set: the worker does. Replayer: the address to listen on, 127.0.0.1 if not set.",
    "a host name or address",
    text
  ),
  replayerPort: wholeNumber("REPLAYER_PORT", 50_051, [0, 65_535], "The replayer's gRPC port."),
  replayerToken: secret(
    "REPLAYER_TOKEN",
    "What workers show to the replayer, the same on both sides.",
    "at least 32 characters, at least 10 of them different",
    strongSecret
  ),
  replayerTlsCert: optional(
    "REPLAYER_TLS_CERT",
    "The replayer's certificate, or a worker's own for mutual TLS. Not set: plain text, for a network of our own.",
    aFile,
    text
  ),
  replayerTlsKey: optional("REPLAYER_TLS_KEY", "The key of that certificate.", aFile, text),
  replayerTlsCa: optional(
    "REPLAYER_TLS_CA",
    "Who vouches for the other side. Set at the replayer, workers need a certificate of it.",
    aFile,
    text
  ),
  metricsHost: withFallback(
    "METRICS_HOST",
    "127.0.0.1",
    "Where a role answers probes.",
    "a host name or address",
    text
  ),
  metricsPort: optional(
    "METRICS_PORT",
    "Its port. Not set: ingestor 9090, control 9091, replayer 9092, worker 9094.",
    "a port",
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 0, maximum: 65_535 }))
  ),
  httpHost: withFallback(
    "HTTP_HOST",
    "127.0.0.1",
    "The address to listen on.",
    "a host name or address",
    text
  ),
  httpPort: wholeNumber("HTTP_PORT", 8000, [0, 65_535], "API and status page; 0 for a free one."),
  secretKey: secret(
    "SECRET_KEY",
    "Signs access tokens. Not set: the dev shape makes one and keeps it in DATA_DIR.",
    "at least 32 characters, at least 10 of them different",
    strongSecret
  ),
  adminUsername: withFallback("ADMIN_USERNAME", "admin", "Created at the first start.", "a name", text),
  adminPassword: secret(
    "ADMIN_PASSWORD",
    "Created at the first start. Not set: the dev shape makes one up and prints it.",
    "at least 8 characters",
    Schema.String.check(Schema.isMinLength(8))
  ),
  demoRate: wholeNumber("DEMO_RATE", 30, [1, 1000], "Transactions a second in the demo shop."),
  logLevel: oneOf("LOG_LEVEL", ["Error", "Warn", "Info", "Debug"], "Info", "What is logged."),
  logFormat: oneOf(
    "LOG_FORMAT",
    ["auto", "pretty", "json"],
    "auto",
    "Lines for people or for machines; auto: by whether the output is a terminal."
  ),
  walstreamUrl: optional(
    "WALSTREAM_URL",
    "CLI: the API's address. Not set: the one running on DATA_DIR.",
    "a URL",
    text
  ),
  walstreamToken: secret(
    "WALSTREAM_TOKEN",
    "CLI: an access token. Not set: the login of the instance on DATA_DIR, or `walstream login`.",
    "a token",
    text
  )
}

type Definitions = typeof definitions
type Values = { readonly [K in keyof Definitions]: Definitions[K] extends Setting<infer A> ? A : never }

export interface SettingsValue extends Values {
  /** By name: `default` from TARGET_URL, `staging` from TARGET_STAGING_URL. */
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
}

/** Every bad variable, one line each: its name and what it may be. Never its value. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return this.problems.join("\n")
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

const read = <A>(setting: Setting<A>, environment: Environment): Result.Result<A, string> => {
  const given = environment[setting.name]
  const value = given === undefined || given === "" ? setting.fallback : given
  if (value === null) return Result.fromOption(setting.unset, () => `${setting.name} is required`)
  return Result.mapError(setting.read(value), () => `${setting.name} must be ${setting.allowed}`)
}

const namedTarget = /^TARGET_([A-Z0-9_]+)_URL$/u

const readTargets = (environment: Environment, problems: Array<string>) => {
  const targets: Record<string, Redacted.Redacted> = {}
  for (const name of Object.keys(environment).toSorted()) {
    const key = name === "TARGET_URL" ? "default" : namedTarget.exec(name)?.[1]?.toLowerCase()
    if (key === undefined) continue
    const url = read({ ...definitions.targetUrl, name }, environment)
    if (Result.isFailure(url)) {
      if (name !== "TARGET_URL") problems.push(url.failure)
    } else if (Option.isSome(url.success)) targets[key] = url.success.value
  }
  return targets
}

/** All values, or every problem at once. */
export const readSettings = (environment: Environment): Result.Result<SettingsValue, SettingsError> => {
  const problems: Array<string> = []
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries<Setting<unknown>>(definitions)) {
    const value = read(setting, environment)
    if (Result.isFailure(value)) problems.push(value.failure)
    else values[key] = value.success
  }
  const targets = readTargets(environment, problems)
  // Every key of `definitions` was read above by its own setting.
  return problems.length === 0
    ? Result.succeed({ ...(values as Values), targets })
    : Result.fail(new SettingsError({ problems }))
}

export class Settings extends Context.Service<Settings, SettingsValue>()("walstream/main/Settings") {
  /** From the environment of this process, as a reader takes it. */
  static readonly load = <A>(
    reader: (environment: Environment) => Result.Result<A, SettingsError>
  ): Effect.Effect<A, SettingsError> => Effect.suspend(() => Effect.fromResult(reader(process.env)))
  static readonly layer = Layer.effect(Settings, Settings.load(readSettings))
}
