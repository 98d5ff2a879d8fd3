import { Effect, Scope, Stream } from "effect"
import * as Cause from "effect/Cause"
import type { SeqRange } from "../../domain/Log.ts"
import type { Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { LogError } from "../LogError.ts"
import type { RedisClient } from "./RedisClient.ts"
import { entriesOf, StreamCursor } from "./StreamCursor.ts"
import { type DecodedPage, StreamDecoder } from "./StreamDecoder.ts"
import type { StreamLook } from "./StreamLook.ts"
import { parseSegments } from "./StreamState.ts"

const nothing: DecodedPage = { entries: [], broken: null }

/** Reads the stream, in any process: what is covered is learnt from Redis with every page. */
export class StreamReader {
  readonly #client: RedisClient
  readonly #look: StreamLook
  readonly #decoder: StreamDecoder

  constructor(client: RedisClient, look: StreamLook) {
    this.#client = client
    this.#look = look
    this.#decoder = new StreamDecoder(client)
  }

  read(from: Position, end: SeqRange["end"]): Stream.Stream<ReadonlyArray<ArchivedChunk>, LogError> {
    const self = this
    return Stream.unwrap(
      Effect.gen(function* () {
        const scope = yield* Effect.scope
        const cursor = new StreamCursor(from, end)
        let wait: ((after: string) => Effect.Effect<void, LogError>) | undefined
        const pull = Effect.gen(function* () {
          for (;;) {
            const step = yield* self.#step(cursor)
            switch (step._tag) {
              case "Chunks":
                return [step.chunks] as const
              case "End":
                return yield* Cause.done()
              case "Missing":
                return yield* self.#client.error(step)
              case "Wait":
                wait ??= yield* Scope.provide(self.#client.waiter, scope)
                yield* wait(step.after)
            }
          }
        })
        return Stream.fromPull(Effect.succeed(pull))
      })
    )
  }

  /** The newest visible chunks, newest first. */
  recent(changes: number): Effect.Effect<ReadonlyArray<ArchivedChunk>, LogError> {
    const self = this
    return Effect.gen(function* () {
      const found: Array<ArchivedChunk> = []
      let given = 0
      let before = "+"
      let count = 1
      while (given < changes) {
        const { sight, entries } = yield* self.#look.page({ range: ["XREVRANGE", before, "-"], count })
        if (sight._tag === "Empty" || entries.length === 0) return found
        const { entries: decoded, broken } = yield* self.#decoder.page(entries)
        for (const { id, chunk } of decoded) {
          before = `(${id}`
          if (chunk.seq >= sight.state.next_seq) continue
          if (given >= changes) return found
          found.push(chunk)
          given += chunk.changes.length
        }
        if (broken !== null) {
          yield* self.#decoder.condemn(broken)
          return found
        }
        count = entriesOf(changes - given, sight.state)
      }
      return found
    })
  }

  readonly #step = Effect.fnUntraced(function* (this: StreamReader, cursor: StreamCursor) {
    const { request } = cursor
    const { sight, length, segments, entries } = yield* request === null
      ? this.#look.all
      : this.#look.page(request)
    if (request === null && sight._tag === "Held") {
      cursor.place(sight.state, parseSegments(segments ?? "[]") ?? [])
      return { _tag: "Again" } as const
    }
    const page = cursor.isBehind(sight) ? yield* this.#decoder.page(entries) : nothing
    const step = cursor.take(sight, length, page)
    if (step._tag !== "Broken") return step
    yield* this.#decoder.condemn(step.id)
    return { _tag: "Again" } as const
  })
}
