import { Effect, type Redacted, SubscriptionRef } from "effect"
import { isAttached } from "./IngestPhase.ts"
import { IngestState } from "./IngestState.ts"
import type { PublicationNames } from "./Publications.ts"
import { alignPublications } from "./Publications.ts"
import { connectSource } from "./SourceSession.ts"

export interface PublicationKeeperOptions {
  readonly url: Redacted.Redacted
  readonly sourceId: string
  readonly names: PublicationNames
}

/**
 * Looks once whether tables came, or lost or gained an identity, and moves them. A table whose primary key was
 * dropped has its updates refused by its own server until then.
 */
export const keepPublications = Effect.fnUntraced(function* (options: PublicationKeeperOptions) {
  const state = yield* IngestState
  if (!isAttached(yield* SubscriptionRef.get(state.phase))) return
  const session = yield* connectSource(options, "publications")
  const { added, changed } = yield* alignPublications(session, options.names, true)
  if (changed) {
    const names = added.map((table) => `${table.schema}.${table.name}`)
    yield* Effect.logInfo(
      names.length === 0
        ? "moved tables between publications: their replica identity has changed"
        : `captured from the next transaction on: ${names.join(", ")}`
    )
  }
}, Effect.scoped)
