import { Effect, Layer, type Redacted } from "effect"
import type { Archive } from "../../log/Archive.ts"
import type { LiveBuffer } from "../../log/LiveBuffer.ts"
import { LiveBufferRedis } from "../../log/LiveBufferRedis.ts"
import type { SettingsValue } from "../Settings.ts"

/** A command that takes longer is given up: readers have the archive, and the writer must not fall behind. */
const redisDeadlineMillis = 2000

/** The live buffer in Redis, of the archive's history. */
export const redisStore = (
  settings: SettingsValue,
  url: Redacted.Redacted
): Layer.Layer<LiveBuffer, never, Archive> =>
  Layer.unwrap(
    Effect.map(Effect.context<Archive>(), (context) =>
      LiveBufferRedis.layer({
        url,
        key: settings.redisStreamKey,
        deadline: redisDeadlineMillis,
        source: settings.sourceId,
        history: Effect.provideContext(LiveBufferRedis.historyOf, context),
        maxChanges: settings.bufferMaxChanges,
        maxBytes: settings.redisStreamMaxBytes
      })
    )
  )
