import type { definitions } from "./SettingDefinitions.ts"

type Reader = "ingestor" | "worker" | "replayer" | "control" | "npm start" | "CLI"

export interface SettingGroup {
  readonly title: string
  /** Those that read any of it. */
  readonly readers: ReadonlyArray<Reader>
  readonly keys: ReadonlyArray<keyof typeof definitions>
}

const all = ["ingestor", "worker", "replayer", "control", "npm start"] as const
const stores = ["ingestor", "worker", "control"] as const

/** Who reads which variable; each is in one group, in the order in which `.env.example` shows them. */
export const settingGroups: ReadonlyArray<SettingGroup> = [
  { title: "Source", readers: [...all, "CLI"], keys: ["sourceUrl"] },
  { title: "Its name", readers: [...stores, "npm start", "CLI"], keys: ["sourceId"] },
  {
    title: "How it is attached to",
    readers: ["ingestor", "control", "npm start", "CLI"],
    keys: ["slotName", "publicationName", "capturePlugin", "captureNewTables"]
  },
  {
    title: "Capture",
    readers: ["ingestor", "npm start"],
    keys: ["captureExcludeColumns", "spillMemoryBytes", "spillMaxBytes"]
  },
  { title: "Targets", readers: ["worker", "replayer", "control", "npm start", "CLI"], keys: ["targetUrl"] },
  { title: "Control database", readers: [...all, "CLI"], keys: ["databaseUrl"] },
  {
    title: "Archive in Kafka",
    readers: [...stores, "npm start"],
    keys: [
      "kafkaBroker",
      "kafkaTopic",
      "kafkaTls",
      "kafkaTlsCa",
      "kafkaTlsCert",
      "kafkaTlsKey",
      "kafkaMechanism",
      "kafkaUsername",
      "kafkaPassword"
    ]
  },
  {
    title: "Topics that are made",
    readers: ["ingestor", "npm start"],
    keys: ["kafkaPartitions", "kafkaReplicationFactor", "kafkaMinInsyncReplicas", "kafkaRetentionHours"]
  },
  {
    title: "Live buffer in Redis",
    readers: [...stores, "npm start"],
    keys: ["redisUrl", "redisStreamKey", "bufferMaxChanges", "redisStreamMaxBytes"]
  },
  {
    title: "Jobs",
    readers: ["worker", "npm start"],
    keys: ["jobWorkerCount", "jobLeaseDurationSeconds", "maxEventRetries", "replayBufferMaxAgeSeconds"]
  },
  {
    title: "Between workers and replayer",
    readers: ["worker", "replayer", "control"],
    keys: [
      "replayerHost",
      "replayerPort",
      "replayerToken",
      "replayerTlsCert",
      "replayerTlsKey",
      "replayerTlsCa"
    ]
  },
  {
    title: "API and page",
    readers: ["control", "npm start"],
    keys: [
      "httpHost",
      "httpPort",
      "secretKey",
      "secretKeysFormer",
      "authRegistration",
      "authCookieSecure",
      "accessTokenMinutes",
      "sessionIdleMinutes",
      "sessionHours",
      "adminUsername",
      "adminPassword",
      "corsOrigins",
      "trustedProxies",
      "rateLimitRead",
      "rateLimitWrite",
      "rateLimitAddress",
      "rateLimitLogin",
      "drainSeconds"
    ]
  },
  { title: "Probes and metrics", readers: all, keys: ["metricsHost", "metricsPort"] },
  { title: "Log lines", readers: all, keys: ["logLevel", "logLevels", "logFormat"] },
  { title: "Traces", readers: all, keys: ["otlpEndpoint", "otlpHeaders", "tracesRatio"] },
  { title: "Files", readers: ["ingestor", "npm start", "CLI"], keys: ["dataDir"] },
  {
    title: "Embedded archive and demo",
    readers: ["npm start"],
    keys: ["archiveMaxAgeHours", "archiveMaxBytes", "demoRate"]
  },
  { title: "Command line", readers: ["CLI"], keys: ["walstreamUrl", "walstreamApiKey", "walstreamToken"] }
]
