import { Effect } from "effect"
import type { LogError } from "../LogError.ts"
import type { RedisClient } from "./RedisClient.ts"
import { look } from "./Scripts.ts"
import { type Identity, judge, type Sight } from "./StreamState.ts"

/** An entry as Redis gives it: its id, then names and values of its fields. */
export type RawEntry = readonly [id: string, fields: ReadonlyArray<string>]

/** The stream and its books at one moment. */
export interface Looked {
  /** Undefined before the history has begun. */
  readonly identity: Identity | undefined
  readonly sight: Exclude<Sight, { _tag: "Foreign" }>
  readonly revision: string
  readonly length: number
  readonly segments: string | null
  readonly entries: ReadonlyArray<RawEntry>
}

export interface PageRequest {
  readonly range: readonly [command: "XRANGE" | "XREVRANGE", from: string, to: string]
  readonly count: number
}

type Answer = readonly [string | null, string | null, string | null, number, ReadonlyArray<RawEntry>]

/** Looks at the stream. A history that has no name yet has nothing in it. */
export class StreamLook {
  readonly #client: RedisClient
  readonly #source: string
  readonly #history: Effect.Effect<string | null, LogError>
  #identity: Identity | undefined

  constructor(client: RedisClient, source: string, history: Effect.Effect<string | null, LogError>) {
    this.#client = client
    this.#source = source
    this.#history = history
  }

  /** What is held, without any entry. */
  readonly sight: Effect.Effect<Looked["sight"], LogError> = Effect.suspend(() =>
    Effect.map(this.#ask(["", "XRANGE", "-", "+", 0]), ({ sight }) => sight)
  )

  /** The same with all the books say, for the writer. */
  readonly all: Effect.Effect<Looked, LogError> = Effect.suspend(() =>
    this.#ask(["segments", "XRANGE", "-", "+", 0])
  )

  page({ range: [command, from, to], count }: PageRequest): Effect.Effect<Looked, LogError> {
    return this.#ask(["", command, from, to, count])
  }

  #ask(args: ReadonlyArray<string | number>): Effect.Effect<Looked, LogError> {
    const self = this
    return Effect.gen(function* () {
      const identity = self.#identity ?? (yield* self.#name)
      self.#identity = identity
      // What our own script answers, always.
      const [revision, state, segments, length, entries] = (yield* self.#client.run(look, args)) as Answer
      const about = { identity, revision: revision ?? "", length, segments, entries }
      if (identity === undefined) return { ...about, sight: { _tag: "Empty", nextSeq: 1 } }
      const sight = judge(state, length, identity)
      if (sight._tag === "Foreign") {
        return yield* self.#client.error({
          _tag: "Refused",
          detail: `the stream belongs to the source "${sight.source}", not to "${identity.source}"`,
          fix: "set REDIS_STREAM_KEY to a key of its own for each source, or delete what is there"
        })
      }
      return { ...about, sight }
    })
  }

  get #name(): Effect.Effect<Identity | undefined, LogError> {
    return Effect.map(this.#history, (history) =>
      history === null ? undefined : { source: this.#source, history }
    )
  }
}
