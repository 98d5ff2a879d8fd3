import { Duration, Effect, Layer, Option, Redacted } from "effect"
import { KafkaArchive } from "../../log/KafkaArchive.ts"
import type { KafkaConnection, KafkaTopicOptions } from "../../log/kafka/KafkaOptions.ts"
import { lateArchive } from "../../log/LateArchive.ts"
import type { SettingsValue } from "../Settings.ts"
import { readSettingFile, type UnreadableFile } from "./SettingFile.ts"

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

/** The archive in Kafka, whether or not a broker answers yet. */
export const kafkaStore = (settings: SettingsValue, role: "writer" | "reader") =>
  Layer.unwrap(
    Effect.map(connection(settings), (reached) =>
      lateArchive(
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
    )
  )
