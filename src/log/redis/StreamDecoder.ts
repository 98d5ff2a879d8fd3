import { Effect } from "effect"
import type { Relation } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { LogError } from "../LogError.ts"
import type { RedisClient } from "./RedisClient.ts"
import { relationField } from "./RelationField.ts"
import { condemn } from "./Scripts.ts"
import { decodeEntry, UnknownRelation } from "./StreamEntry.ts"
import type { RawEntry } from "./StreamLook.ts"

export interface Decoded {
  readonly id: string
  readonly chunk: ArchivedChunk
}

/** Entries up to the first that cannot be read. */
export interface DecodedPage {
  readonly entries: ReadonlyArray<Decoded>
  /** The id of that one. */
  readonly broken: string | null
}

/** Makes chunks of entries. Fetches schema versions when an entry names one that it does not know. */
export class StreamDecoder {
  readonly #client: RedisClient
  /** By fingerprint, which is a relation's content: right for ever. */
  readonly #relations = new Map<string, Relation>()

  constructor(client: RedisClient) {
    this.#client = client
  }

  page(raw: ReadonlyArray<RawEntry>): Effect.Effect<DecodedPage, LogError> {
    return Effect.suspend(() => {
      const first = this.#decode(raw)
      if (!first.lacks) return Effect.succeed(first)
      return Effect.map(this.#client.books, (books) => {
        for (const relation of relationField.allIn(books)) {
          this.#relations.set(relation.fingerprint, relation)
        }
        return this.#decode(raw)
      })
    })
  }

  /** Whoever looks finds nothing held from now on, and the writer begins anew. */
  condemn(id: string): Effect.Effect<void, LogError> {
    return Effect.andThen(
      Effect.logWarning(`the live buffer begins anew: its entry ${id} cannot be read`),
      Effect.asVoid(this.#client.run(condemn, [id]))
    )
  }

  #decode(raw: ReadonlyArray<RawEntry>): DecodedPage & { readonly lacks: boolean } {
    const entries: Array<Decoded> = []
    const relationOf = (fingerprint: string) => this.#relations.get(fingerprint)
    for (const [id, fields] of raw) {
      try {
        entries.push({ id, chunk: decodeEntry(fields, relationOf) })
      } catch (error) {
        return { entries, broken: id, lacks: error instanceof UnknownRelation }
      }
    }
    return { entries, broken: null, lacks: false }
  }
}
