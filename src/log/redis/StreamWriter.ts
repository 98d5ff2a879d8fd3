import { Effect, Semaphore } from "effect"
import type { Micros } from "../../domain/Micros.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { LogError } from "../LogError.ts"
import type { RedisClient } from "./RedisClient.ts"
import { relationField } from "./RelationField.ts"
import { write } from "./Scripts.ts"
import { StreamLedger, type StreamLimits, type StreamWrite } from "./StreamLedger.ts"
import type { StreamLook } from "./StreamLook.ts"
import { parseSegments } from "./StreamState.ts"

/** The books as the last write left them: what the next one requires. */
interface Known {
  readonly ledger: StreamLedger
  revision: string
  length: number
}

/** So often in a row may somebody else change the stream between our look and our write. */
const attempts = 10

/**
 * Writes the stream. Keeps its own books, and each write requires that Redis has the same: after a time-out, a
 * failover, a flush or another writer it does not, and they are made anew from what is there.
 */
export class StreamWriter {
  readonly #client: RedisClient
  readonly #look: StreamLook
  readonly #limits: StreamLimits
  readonly #one = Semaphore.makeUnsafe(1)
  readonly #life = crypto.randomUUID()
  #writes = 0
  #known: Known | undefined
  /** Where the log goes on after what this process wrote. */
  #expected: Position | undefined

  constructor(client: RedisClient, look: StreamLook, limits: StreamLimits) {
    this.#client = client
    this.#look = look
    this.#limits = limits
  }

  append(chunks: ReadonlyArray<ArchivedChunk>): Effect.Effect<void, LogError> {
    const self = this
    return this.#one.withPermit(
      Effect.gen(function* () {
        let done = 0
        for (let failed = 0; done < chunks.length; ) {
          const known = self.#taken ?? (yield* self.#load)
          let next = done
          for (; next < chunks.length && !known.ledger.isLoaded; next++) {
            const chunk = chunks[next]
            if (chunk !== undefined) known.ledger.append(chunk)
          }
          if (yield* self.#flush(known)) {
            done = next
            failed = 0
          } else if (++failed === attempts) {
            return yield* self.#client.error({
              _tag: "Unavailable",
              detail: "somebody else keeps changing the stream"
            })
          }
        }
      })
    )
  }

  /** A buffer that is behind what was written is not complete up to any new time: nothing is said then. */
  advance(time: Micros): Effect.Effect<void, LogError> {
    const self = this
    return this.#one.withPermit(
      Effect.gen(function* () {
        for (let left = attempts; left > 0 && self.#expected !== undefined; left--) {
          const known = self.#taken ?? (yield* self.#load)
          if (comparePosition(known.ledger.at, self.#expected) === 0) known.ledger.advance(time)
          if (yield* self.#flush(known)) return
        }
      })
    )
  }

  readonly #load: Effect.Effect<Known, LogError> = Effect.suspend(() => {
    const self = this
    return Effect.gen(function* () {
      const { sight, revision, length, segments, identity } = yield* self.#look.all
      if (identity === undefined) {
        return yield* self.#client.error({ _tag: "Unavailable", detail: "the history has not begun yet" })
      }
      const older = parseSegments(segments ?? "[]")
      if (sight._tag === "Empty" || older === undefined) {
        return { ledger: StreamLedger.empty(identity, self.#limits, self.#expected), revision, length }
      }
      const books = yield* self.#client.books
      const relations = relationField.namesIn(books)
      return { ledger: StreamLedger.of(sight.state, older, relations, self.#limits), revision, length }
    })
  })

  /** The books are whoever's works with them, until a write is known to have succeeded. */
  get #taken(): Known | undefined {
    const known = this.#known
    this.#known = undefined
    return known
  }

  /** False when Redis has other books: ours are forgotten then, as after an outcome that is not known. */
  #flush(known: Known): Effect.Effect<boolean, LogError> {
    const change = known.ledger.take()
    if (change === undefined) return this.#keep(known)
    const revision = `${this.#life} ${++this.#writes}`
    return Effect.flatMap(this.#client.run(write, argumentsOf(change, known, revision)), (done) => {
      if (done !== 1) return Effect.succeed(false)
      known.revision = revision
      known.length = change.state.entries
      this.#expected = known.ledger.at
      return this.#keep(known)
    })
  }

  #keep(known: Known): Effect.Effect<boolean> {
    return Effect.sync(() => {
      this.#known = known
      return true
    })
  }
}

const argumentsOf = (
  change: StreamWrite,
  known: Known,
  revision: string
): ReadonlyArray<string | number | Buffer> => {
  const args: Array<string | number | Buffer> = [
    known.revision,
    known.length,
    revision,
    JSON.stringify(change.state),
    change.clear ? "clear" : "",
    change.minId ?? "",
    change.segments === null ? "" : JSON.stringify(change.segments),
    change.relations.length * 2
  ]
  for (const relation of change.relations) {
    args.push(relationField.name(relation.fingerprint), relationField.text(relation))
  }
  for (const { id, tx, changes } of change.entries) args.push(id, tx, changes)
  return args
}
