import { Effect, Layer } from "effect"
import type { Incarnation } from "../domain/Log.ts"
import { hexLsn } from "../domain/Lsn.ts"
import { Archive } from "./Archive.ts"
import { LiveBuffer } from "./LiveBuffer.ts"
import type { LogError } from "./LogError.ts"
import { RedisClient, type RedisClientOptions } from "./redis/RedisClient.ts"
import { StreamLook } from "./redis/StreamLook.ts"
import { StreamReader } from "./redis/StreamReader.ts"
import { coverageOf } from "./redis/StreamState.ts"
import { StreamWriter } from "./redis/StreamWriter.ts"

export interface LiveBufferRedisOptions extends Omit<RedisClientOptions, "deadline" | "store"> {
  /** Milliseconds within which Redis must answer. Default 2000. */
  readonly deadline?: number
  /** SOURCE_ID: one stream belongs to one source. */
  readonly source: string
  /**
   * What tells this history of the source from another; a stream of another one is dropped. Null while there is none
   * yet. See `historyOf`.
   */
  readonly history: Effect.Effect<string | null, LogError>
  /** REDIS_STREAM_MAXLEN. The stream is kept at 85 % of it, so that an alarm at 90 % means something. */
  readonly maxChanges: number
  /** The bound on the entries' text. Redis needs about a tenth more. */
  readonly maxBytes: number
}

const fill = 0.85

const make = Effect.fnUntraced(function* (options: LiveBufferRedisOptions) {
  const { maxChanges, maxBytes } = options
  const client = new RedisClient({ ...options, store: "redis buffer", deadline: options.deadline ?? 2000 })
  yield* Effect.addFinalizer(() => client.close)
  const look = new StreamLook(client, options.source, options.history)
  const limits = { changes: Math.floor(maxChanges * fill), bytes: maxBytes }
  const writer = new StreamWriter(client, look, limits)
  const reader = new StreamReader(client, look)
  return LiveBuffer.of({
    kind: "redis",
    append: (chunks) => writer.append(chunks),
    advance: (time) => writer.advance(time),
    coverage: Effect.map(look.sight, coverageOf),
    read: (from, end) => reader.read(from, end),
    recent: (changes) => reader.recent(changes),
    stats: Effect.map(look.sight, (sight) =>
      sight._tag === "Empty"
        ? { changes: 0, bytes: 0, maxChanges }
        : { changes: sight.state.changes, bytes: sight.state.bytes, maxChanges }
    )
  })
})

const nameOf = ({ systemIdentifier, database, slot, startLsn }: Incarnation): string =>
  [systemIdentifier, database, slot, hexLsn(startLsn)].join("/")

/** The name of an archive's history: where its first incarnation began. Null before it has one. */
const historyOf: Effect.Effect<string | null, LogError, Archive> = Effect.gen(function* () {
  const [first] = yield* (yield* Archive).incarnations
  return first === undefined ? null : nameOf(first)
})

/**
 * The recent tail in a Redis stream: for the processes that do not have the ingestor's memory. Opens no connection
 * before it is used, and answers within the deadline whatever Redis does.
 */
const layer = (options: LiveBufferRedisOptions): Layer.Layer<LiveBuffer> =>
  Layer.effect(LiveBuffer, make(options))

export const LiveBufferRedis = { layer, historyOf }
