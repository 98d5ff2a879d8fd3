import { Result, Schema } from "effect"
import { IpNetwork } from "effect/net"
import { logLevelNames } from "./LogLevels.ts"
import { demoRetention } from "./Retention.ts"
import {
  list,
  oneOf,
  optional,
  optionalNumber,
  pairs,
  secret,
  secretPairs,
  secrets,
  wholeNumber,
  withFallback
} from "./Setting.ts"
import {
  aFile,
  identifier,
  identifierWords,
  postgresUrl,
  redisUrl,
  strongSecret,
  text,
  urlWords
} from "./SettingForms.ts"

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
    "Replicas of a topic that we make, and the fewest that one may have; 0 for 3, or as many as there are brokers."
  ),
  kafkaMinInsyncReplicas: wholeNumber(
    "KAFKA_MIN_INSYNC_REPLICAS",
    2,
    [2, 100],
    "How many replicas must have a record before it counts as stored, in a topic that has more than one."
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
  kafkaTlsCert: optional("KAFKA_TLS_CERT", "Our certificate, where the brokers ask for one.", aFile, text),
  kafkaTlsKey: optional("KAFKA_TLS_KEY", "The key of that certificate.", aFile, text),
  kafkaMechanism: oneOf(
    "KAFKA_SASL_MECHANISM",
    ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
    "SCRAM-SHA-512",
    "How the user below is proved."
  ),
  kafkaUsername: optional("KAFKA_USERNAME", "The user at the brokers. Not set: none.", "a name", text),
  kafkaPassword: secret("KAFKA_PASSWORD", "Its password.", "a password", text),
  spillMaxBytes: wholeNumber(
    "SPILL_MAX_BYTES",
    0,
    [0, Number.MAX_SAFE_INTEGER],
    "Beside an archive in Kafka: how large spill.sqlite in DATA_DIR may become (1 MiB at least), which takes changes while Kafka is away and is a part of the archive then; 0 for none: the source keeps its WAL."
  ),
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
    "Where a process answers probes and tells its metrics.",
    "a host name or address",
    text
  ),
  metricsPort: optional(
    "METRICS_PORT",
    "Its port. Not set: ingestor 9090, control 9091, replayer 9092, worker 9094; npm start has none.",
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
  httpPort: wholeNumber("HTTP_PORT", 8000, [0, 65_535], "API and dashboard; 0 for a free one."),
  corsOrigins: list(
    "CORS_ORIGINS",
    "Origins whose scripts may use the API. Not set: only the pages that it serves itself.",
    "a list of origins like https://app.example with commas between",
    /^https?:\/\/[a-z0-9.-]+(?::\d{1,5})?$/u
  ),
  trustedProxies: list(
    "TRUSTED_PROXIES",
    "Networks whose X-Forwarded-For is believed. Not set: nobody's.",
    "a list of networks like 10.0.0.0/8 with commas between",
    (network) => Result.isSuccess(IpNetwork.fromString(network))
  ),
  rateLimitRead: wholeNumber(
    "RATE_LIMIT_READ",
    6000,
    [0, 100_000_000],
    "Reading requests a minute of one user or key; 0 for no bound."
  ),
  rateLimitWrite: wholeNumber(
    "RATE_LIMIT_WRITE",
    600,
    [0, 100_000_000],
    "Changing requests a minute of one user or key; 0 for no bound."
  ),
  rateLimitAddress: wholeNumber(
    "RATE_LIMIT_ADDRESS",
    12_000,
    [0, 100_000_000],
    "Requests a minute from one address; 0 for no bound."
  ),
  rateLimitLogin: wholeNumber(
    "RATE_LIMIT_LOGIN",
    60,
    [0, 100_000_000],
    "Logins a minute from one address; 0 for no bound."
  ),
  drainSeconds: wholeNumber(
    "SHUTDOWN_DRAIN_SECONDS",
    0,
    [0, 300],
    "How long a stopping API still serves after it has told load balancers that it is not ready."
  ),
  authRegistration: oneOf(
    "AUTH_REGISTRATION",
    ["closed", "open"],
    "closed",
    "Whether people may register themselves, as viewers. The first user may in any case, and is admin."
  ),
  authCookieSecure: oneOf(
    "AUTH_COOKIE_SECURE",
    ["auto", "on", "off"],
    "auto",
    "Whether browsers send the refresh cookie over TLS only; auto: where it was given over TLS, as the browser or a trusted proxy says."
  ),
  accessTokenMinutes: wholeNumber(
    "ACCESS_TOKEN_MINUTES",
    10,
    [1, 1440],
    "How long an access token is good for. A session that is ended takes its tokens with it at once."
  ),
  sessionIdleMinutes: wholeNumber(
    "SESSION_IDLE_MINUTES",
    30,
    [1, 43_200],
    "A login that is not used for this long is over."
  ),
  sessionHours: wholeNumber("SESSION_HOURS", 12, [1, 8760], "After this long a login is over in any case."),
  secretKeysFormer: secrets(
    "SECRET_KEYS_FORMER",
    "Those that SECRET_KEY was before: what they signed is taken until its time is over, what they sealed opens.",
    "a list of such keys with commas between",
    strongSecret
  ),
  secretKey: secret(
    "SECRET_KEY",
    "Signs access tokens and seals second factors. Not set: the dev shape makes one and keeps it in DATA_DIR.",
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
  logLevel: oneOf(
    "LOG_LEVEL",
    logLevelNames,
    "Info",
    "What is logged. May be changed while it runs: docs/logs.md."
  ),
  logLevels: pairs(
    "LOG_LEVELS",
    "Where another level holds than LOG_LEVEL: by branch of the supervision tree, such as ingest or replay, api for requests.",
    logLevelNames
  ),
  logFormat: oneOf(
    "LOG_FORMAT",
    ["auto", "pretty", "json"],
    "auto",
    "Lines for people or for machines; auto: by whether the output is a terminal."
  ),
  otlpEndpoint: optional(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "The collector that traces are sent to, by OTLP over HTTP: docs/traces.md. Not set: nothing is traced.",
    "a URL like http://collector:4318, without a password",
    Schema.String.check(Schema.isPattern(/^https?:\/\/[^/\s@?#]+(?:\/[^\s@?#]*)?$/u))
  ),
  otlpHeaders: secretPairs(
    "OTEL_EXPORTER_OTLP_HEADERS",
    "What is sent to the collector with them, such as a login.",
    "a list of name=value with commas between"
  ),
  tracesRatio: withFallback(
    "OTEL_TRACES_SAMPLER_ARG",
    "0.01",
    "How much is traced, the same in each process: of transactions, and of requests whose caller has not decided.",
    "a number from 0 to 1",
    Schema.FiniteFromString.check(Schema.isBetween({ minimum: 0, maximum: 1 }))
  ),
  walstreamUrl: optional(
    "WALSTREAM_URL",
    "CLI: the API's address. Not set: the one running on DATA_DIR.",
    "a URL",
    text
  ),
  walstreamApiKey: secret(
    "WALSTREAM_API_KEY",
    "CLI: an API key, before any other login.",
    "a key like wsk_…",
    Schema.String.check(Schema.isPattern(/^wsk_[0-9A-Za-z]{11}_[0-9A-Za-z]{49}$/u))
  ),
  walstreamToken: secret(
    "WALSTREAM_TOKEN",
    "CLI: an access token. Not set: the login of the instance on DATA_DIR, or `walstream login`.",
    "a token",
    text
  )
}
