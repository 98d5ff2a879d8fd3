import { join } from "node:path"
import { Effect, Layer, Option } from "effect"
import type { Archive } from "../../log/Archive.ts"
import type { LiveBuffer } from "../../log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../log/LiveBufferMemory.ts"
import type { LogError } from "../../log/LogError.ts"
import { SqliteArchive } from "../../log/SqliteArchive.ts"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { archiveRetention, retentionOf } from "../Retention.ts"
import type { SettingsValue } from "../Settings.ts"
import { archiveTraced } from "../trace/Traced.ts"
import type { UnreadableFile } from "./SettingFile.ts"

/*
 * The servers' clients are loaded where they are used: in the embedded shape they would only take memory, and time
 * of every start.
 */

/** On the wire; as objects changes take several times that. It keeps a full buffer well below 300 MB of process. */
const memoryBufferBytes = 16 * 1024 * 1024

/** Kafka where it is named, else a file of this process. */
const archive = (
  settings: SettingsValue,
  role: "writer" | "reader",
  demo: boolean
): Layer.Layer<Archive, LogError | UnreadableFile, ActorSystem> =>
  settings.kafkaBroker.length > 0
    ? Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./KafkaStore.ts")),
          ({ kafkaStore }) => kafkaStore(settings, role)
        )
      )
    : SqliteArchive.layer({
        file: join(settings.dataDir, "archive.sqlite"),
        source: settings.sourceId,
        retention: archiveRetention(retentionOf(settings, demo))
      })

/** Redis where it is named, else memory of this process. */
const liveBuffer = (settings: SettingsValue): Layer.Layer<LiveBuffer, never, Archive> =>
  Option.match(settings.redisUrl, {
    onNone: (): Layer.Layer<LiveBuffer, never, Archive> =>
      LiveBufferMemory.layer({ maxChanges: settings.bufferMaxChanges, maxBytes: memoryBufferBytes }),
    onSome: (url) =>
      Layer.unwrap(
        Effect.map(
          Effect.promise(() => import("./RedisStore.ts")),
          ({ redisStore }) => redisStore(settings, url)
        )
      )
  })

/** Archive and live buffer. One process of a deployment is the archive's writer. */
export const stores = (settings: SettingsValue, role: "writer" | "reader", demo: boolean) =>
  liveBuffer(settings).pipe(
    Layer.provideMerge(
      role === "reader"
        ? archive(settings, role, demo)
        : archiveTraced(archive(settings, role, demo), settings.sourceId)
    )
  )
