import { Effect } from "effect"
import { Archive, type ArchiveTail } from "../log/Archive.ts"
import { LogError } from "../log/LogError.ts"

const isSame = (a: ArchiveTail, b: ArchiveTail): boolean =>
  a.mark?.seq === b.mark?.seq &&
  a.mark?.endLsn === b.mark?.endLsn &&
  a.last?.position.seq === b.last?.position.seq &&
  a.last?.position.ordinal === b.last?.position.ordinal

const notYet = (kind: string, detail: string) =>
  new LogError({ store: `${kind} archive`, reason: { _tag: "Unavailable", detail } })

/**
 * Fails, to be tried again, when another ingestor has written since `tail` was read. Who holds the slot is the only
 * writer; the archive is read before we hold it, and what another one wrote in between would be numbered twice.
 */
export const soleWriter = Effect.fnUntraced(function* (
  tail: ArchiveTail
): Effect.fn.Return<void, LogError, Archive> {
  const archive = yield* Archive
  if (isSame(tail, yield* archive.recover)) return
  return yield* notYet(archive.kind, "another ingestor has just written: its end is looked for again")
})

/** The same, and when nobody can say whether another ingestor has: a spill was asked in the archive's place. */
export const newestWriter = Effect.fnUntraced(function* (
  tail: ArchiveTail
): Effect.fn.Return<void, LogError, Archive> {
  const { kind } = yield* Archive
  if (tail.unconfirmed === true) {
    return yield* notYet(
      kind,
      "it cannot be asked whether another ingestor has gone on since the spill was written"
    )
  }
  yield* soleWriter(tail)
})
