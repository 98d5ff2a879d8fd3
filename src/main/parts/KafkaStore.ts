import { join } from "node:path"
import { Duration, Effect, Layer, Option, Redacted } from "effect"
import { KafkaArchive } from "../../log/KafkaArchive.ts"
import type { KafkaConnection, KafkaTls, KafkaTopicOptions } from "../../log/kafka/KafkaOptions.ts"
import { lateArchive } from "../../log/LateArchive.ts"
import { SpillArchive } from "../../log/SpillArchive.ts"
import type { SettingsValue } from "../Settings.ts"
import { readSettingFile, type UnreadableFile } from "./SettingFile.ts"

/** Room for the file's tables. */
const leastSpillBytes = 1024 * 1024

const topicOptions = (settings: SettingsValue): KafkaTopicOptions => ({
  partitions: settings.kafkaPartitions,
  minInsyncReplicas: settings.kafkaMinInsyncReplicas,
  ...(settings.kafkaRetentionHours === 0
    ? {}
    : { retentionMs: Duration.toMillis(Duration.hours(settings.kafkaRetentionHours)) }),
  ...(settings.kafkaReplicationFactor === 0 ? {} : { replicationFactor: settings.kafkaReplicationFactor })
})

const tlsOf = Effect.fnUntraced(function* (
  settings: SettingsValue
): Effect.fn.Return<KafkaTls, UnreadableFile> {
  const ca = yield* readSettingFile("KAFKA_TLS_CA", settings.kafkaTlsCa)
  const cert = yield* readSettingFile("KAFKA_TLS_CERT", settings.kafkaTlsCert)
  const key = yield* readSettingFile("KAFKA_TLS_KEY", settings.kafkaTlsKey)
  return {
    ...(ca === null ? {} : { ca }),
    ...(cert === null || key === null ? {} : { cert, key: Redacted.make(key) })
  }
})

const connection = Effect.fnUntraced(function* (
  settings: SettingsValue
): Effect.fn.Return<KafkaConnection, UnreadableFile> {
  const { kafkaUsername, kafkaPassword, kafkaMechanism, kafkaBroker } = settings
  return {
    brokers: kafkaBroker,
    ...(settings.kafkaTls === "on" ? { tls: yield* tlsOf(settings) } : {}),
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

/**
 * The archive in Kafka, whether or not a broker answers yet. Its writer has a spill beside it, where that is wanted.
 */
export const kafkaStore = (settings: SettingsValue, role: "writer" | "reader") =>
  Layer.unwrap(
    Effect.map(connection(settings), (reached) => {
      const kafka = lateArchive(
        "kafka",
        KafkaArchive.layer({
          ...reached,
          clientId: `walstream-${role}`,
          topic: settings.kafkaTopic,
          source: settings.sourceId,
          role,
          create: topicOptions(settings)
        })
      )
      if (role === "reader" || settings.spillMaxBytes === 0) return kafka
      const spill = SpillArchive.layer({
        file: join(settings.dataDir, "spill.sqlite"),
        source: settings.sourceId,
        maxBytes: Math.max(leastSpillBytes, settings.spillMaxBytes)
      })
      // What is watched of Kafka is seen through it.
      return Layer.provideMerge(spill, kafka)
    })
  )
