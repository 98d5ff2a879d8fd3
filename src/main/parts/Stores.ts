import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import type { Archive } from "../../log/Archive.ts"
import { KafkaArchive } from "../../log/KafkaArchive.ts"
import type { KafkaConnection, KafkaTopicOptions } from "../../log/kafka/KafkaOptions.ts"
import type { LiveBuffer } from "../../log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../log/LiveBufferMemory.ts"
import { LiveBufferRedis } from "../../log/LiveBufferRedis.ts"
import type { LogError } from "../../log/LogError.ts"
import { SqliteArchive } from "../../log/SqliteArchive.ts"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { archiveRetention, retentionOf } from "../Retention.ts"
import type { SettingsValue } from "../Settings.ts"
import { patientLayer } from "./PatientLayer.ts"

/** A file that a setting names cannot be read. */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  setting: Schema.String,
  detail: Schema.String
}) {
  override get message(): string {
    return `${this.setting} must name a file that can be read: ${this.detail}`
  }
}

export const readSettingFile = (
  setting: string,
  path: Option.Option<string>
): Effect.Effect<string | null, UnreadableFile> =>
  Option.match(path, {
    onNone: () => Effect.succeed(null),
    onSome: (file) =>
      Effect.tryPromise({
        try: () => readFile(file, "utf8"),
        catch: (cause) =>
          new UnreadableFile({ setting, detail: cause instanceof Error ? cause.message : String(cause) })
      })
  })

/** On the wire; as objects changes take several times that. It keeps a full buffer well below 300 MB of process. */
const memoryBufferBytes = 16 * 1024 * 1024

/** A command that takes longer is given up: readers have the archive, and the writer must not fall behind. */
const redisDeadlineMillis = 2000

const topicOptions = (settings: SettingsValue): KafkaTopicOptions => ({
  partitions: settings.kafkaPartitions,
  ...(settings.kafkaRetentionHours === 0
    ? {}
    : { retentionMs: Duration.toMillis(Duration.hours(settings.kafkaRetentionHours)) }),
  ...(settings.kafkaReplicationFactor === 0 ? {} : { replicationFactor: settings.kafkaReplicationFactor })
})

const connection = Effect.fnUntraced(function* (
  settings: SettingsValue
): Effect.fn.Return<KafkaConnection, UnreadableFile> {
  const { kafkaUsername, kafkaPassword, kafkaMechanism, kafkaBroker } = settings
  const ca = yield* readSettingFile("KAFKA_TLS_CA", settings.kafkaTlsCa)
  return {
    brokers: kafkaBroker,
    ...(settings.kafkaTls === "on" ? { tls: ca === null ? {} : { ca } } : {}),
    ...(Option.isNone(kafkaUsername)
      ? {}
      : {
          credentials: {
            mechanism: kafkaMechanism,
            username: kafkaUsername.value,
            password: Option.getOrElse(kafkaPassword, () => Redacted.make(""))
          }
        })
  }
})

const kafkaArchive = (settings: SettingsValue, role: "writer" | "reader") =>
  Layer.unwrap(
    Effect.map(connection(settings), (reached) =>
      patientLayer(
        KafkaArchive.layer({
          ...reached,
          clientId: `walstream-${role}`,
          topic: settings.kafkaTopic,
          source: settings.sourceId,
          role,
          create: topicOptions(settings)
        })
      )
    )
  )

/** Kafka where it is named, else a file of this process. */
const archive = (
  settings: SettingsValue,
  role: "writer" | "reader",
  demo: boolean
): Layer.Layer<Archive, LogError | UnreadableFile, ActorSystem> =>
  settings.kafkaBroker.length > 0
    ? kafkaArchive(settings, role)
    : SqliteArchive.layer({
        file: join(settings.dataDir, "archive.sqlite"),
        source: settings.sourceId,
        retention: archiveRetention(retentionOf(settings, demo))
      })

/** Redis where it is named, else memory of this process. */
const liveBuffer = (settings: SettingsValue): Layer.Layer<LiveBuffer, never, Archive> => {
  const { redisUrl, bufferMaxChanges } = settings
  return Option.isNone(redisUrl)
    ? LiveBufferMemory.layer({ maxChanges: bufferMaxChanges, maxBytes: memoryBufferBytes })
    : Layer.unwrap(
        Effect.map(Effect.context<Archive>(), (context) =>
          LiveBufferRedis.layer({
            url: redisUrl.value,
            key: settings.redisStreamKey,
            deadline: redisDeadlineMillis,
            source: settings.sourceId,
            history: Effect.provideContext(LiveBufferRedis.historyOf, context),
            maxChanges: bufferMaxChanges,
            maxBytes: settings.redisStreamMaxBytes
          })
        )
      )
}

/** Archive and live buffer. One process of a deployment is the archive's writer. */
export const stores = (settings: SettingsValue, role: "writer" | "reader", demo: boolean) =>
  liveBuffer(settings).pipe(Layer.provideMerge(archive(settings, role, demo)))
