import { Effect, type Redacted, type Scope } from "effect"
import type { Mark } from "../domain/Log.ts"
import { formatLsn, type Lsn } from "../domain/Lsn.ts"
import type { PgSession } from "../postgres/PgSession.ts"
import type { PostgresError } from "../postgres/PostgresError.ts"
import { installCaptureTrigger } from "./CaptureTrigger.ts"
import { GapGuard } from "./GapGuard.ts"
import { endOfHistory, type History, historyProblem, isPromoted } from "./History.ts"
import {
  createPublications,
  type PublicationNames,
  publicationNames,
  readPublications
} from "./Publications.ts"
import { type CapturePlugin, createSlot, dropLostSlot, readSlot, slotProblem } from "./Slot.ts"
import { type SourceError, type SourceErrorReason, sourceError } from "./SourceError.ts"
import { coversRewound, type GapPlace, isSameServer } from "./SourceGap.ts"
import { identifySource, type SourceFacts } from "./SourceIdentity.ts"
import { connectSource } from "./SourceSession.ts"
import { warnOfUncaptured } from "./Uncaptured.ts"

export interface AttachOptions {
  readonly url: Redacted.Redacted
  readonly sourceId: string
  readonly slot: string
  readonly publication: string
  readonly plugin: CapturePlugin
  /**
   * How a table that is created later joins: by asking now and then, or by an event trigger in the transaction that
   * creates it. The trigger is only made where the role is a superuser; else it is as if "watch" was said.
   */
  readonly captureNewTables: "watch" | "trigger"
}

/** A source that is ready to be read. */
export interface Attachment {
  readonly session: PgSession
  readonly facts: SourceFacts
  readonly names: PublicationNames
  /** What START_REPLICATION names. */
  readonly publications: ReadonlyArray<string>
  /** Where reading begins: everything that ends at or before is in the log. */
  readonly startLsn: Lsn
  /** Whether the slot was made just now. */
  readonly isNew: boolean
  /** The accepted hole between the history and where reading begins; null for none. */
  readonly hole: SourceErrorReason | null
  /** Whether the source was promoted since the history ended: a new timeline, with the same past. */
  readonly promoted: boolean
}

/** A slot that was moved on by an ingestor that had a spill: what is missing is there. */
const spillProblem = (problem: SourceErrorReason, mark: Mark | null): SourceErrorReason =>
  problem._tag === "Hole" && mark?.spill !== undefined
    ? { ...problem, _tag: "SpillMissing", file: mark.spill.file }
    : problem

/** A server that was set back, as was accepted: its log may have come to the old end since. */
const wasRewound = (
  place: GapPlace | null,
  { currentLsn }: SourceFacts,
  accepted: string | null
): SourceErrorReason | undefined =>
  place !== null && accepted !== null && coversRewound(accepted, place)
    ? { _tag: "Rewound", from: formatLsn(place.from), current: formatLsn(currentLsn) }
    : undefined

/**
 * Where reading begins. Behind a hole it is where the slot stands: where the server is another one, or was set back,
 * positions of before mean nothing, and what is captured twice is better than what is not captured.
 */
const startOf = (from: Lsn | null, confirmed: Lsn, hole: SourceErrorReason | null): Lsn => {
  if (from === null || (hole !== null && !isSameServer(hole))) return confirmed
  return hole !== null && confirmed > from ? confirmed : from
}

/**
 * Checks source, publications and slot, and makes what is missing. Drops nothing but a slot that the server has
 * invalidated, when its loss is accepted; never alters a publication that somebody else made. Run again for each
 * connection: a slot that moved, a timeline with another past or another system behind the same address is an error
 * that names the hole, unless `accepted` is the id of that very hole.
 */
export const attach: (
  options: AttachOptions,
  history: History,
  accepted?: string | null
) => Effect.Effect<Attachment, SourceError, Scope.Scope> = Effect.fnUntraced(function* (
  options,
  history,
  accepted = null
) {
  const fail = (reason: SourceErrorReason) => sourceError(options.sourceId, reason)
  const orFail = (error: PostgresError) => sourceError(options.sourceId, error)
  const { plugin, slot } = options
  const session = yield* Effect.mapError(connectSource(options, "attach"), orFail)
  const facts = yield* identifySource(session, options)
  const from = endOfHistory(facts, history)
  const { incarnation } = history
  const place =
    incarnation === null || from === null
      ? null
      : { source: options.sourceId, incarnation, from, facts, slot }
  const guard = new GapGuard(options.sourceId, place, accepted)
  const other = historyProblem(facts, slot, history) ?? wasRewound(place, facts, accepted)
  if (other !== undefined) yield* guard.meet(other)

  const names = publicationNames(options.publication)
  const wanted = { plugin, database: facts.database }
  let state = yield* Effect.mapError(readSlot(session, slot), orFail)
  // Before anything else: whoever reads it may be another ingestor, which moves slot and archive.
  if (state !== undefined && state.activePid !== null) {
    return yield* fail({ _tag: "SlotInUse", slot, pid: state.activePid, holder: state.holder })
  }
  if (state === undefined && from !== null) {
    yield* guard.meet({ _tag: "SlotMissing", slot, from: formatLsn(from) })
  }
  const problem =
    state === undefined ? undefined : slotProblem(state, wanted, from ?? state.confirmedLsn ?? 0n)
  if (problem !== undefined) yield* guard.meet(spillProblem(problem, history.mark))
  if (problem?._tag === "SlotLost") {
    yield* Effect.mapError(dropLostSlot(session, slot), orFail)
    state = undefined
  }
  const isNew = state === undefined
  if (plugin === "pgoutput") {
    yield* ensurePublications(session, options, names, facts, isNew)
  }
  if (state === undefined) {
    yield* Effect.logInfo(`creating slot ${slot}: waits for transactions that run now`)
    yield* Effect.mapError(createSlot(session, slot, plugin, facts.serverVersion), (error) =>
      error.code === "53400"
        ? fail({ _tag: "NoSlotFree", detail: error.message })
        : error.code === "58P01" // could not access file
          ? fail({ _tag: "NoPlugin", plugin })
          : orFail(error)
    )
    state = yield* Effect.mapError(readSlot(session, slot), orFail)
    const unfit = state === undefined ? undefined : slotProblem(state, wanted, state.confirmedLsn ?? 0n)
    if (unfit !== undefined) return yield* fail(unfit)
  }
  if (state === undefined) return yield* fail({ _tag: "SlotUnfit", slot, detail: "it was dropped at once" })
  const { inserts } = yield* Effect.mapError(readPublications(session, names), orFail)
  if (plugin === "pgoutput") yield* Effect.mapError(warnOfUncaptured(session, names), orFail)
  return {
    session,
    facts,
    names,
    publications: inserts === undefined ? [names.full] : [names.full, names.inserts],
    startLsn: startOf(from, state.confirmedLsn ?? 0n, guard.passed),
    isNew,
    hole: guard.passed,
    promoted: isPromoted(facts, history)
  }
})

const ensurePublications = Effect.fnUntraced(function* (
  session: PgSession,
  options: AttachOptions,
  names: PublicationNames,
  facts: SourceFacts,
  isNew: boolean
) {
  const orFail = (error: PostgresError) => sourceError(options.sourceId, error)
  const trigger = options.captureNewTables === "trigger" && facts.isSuperuser
  const { full, inserts } = yield* Effect.mapError(readPublications(session, names), orFail)
  if (full !== undefined) {
    if (trigger && full.ours && inserts?.ours === true) {
      yield* Effect.mapError(installCaptureTrigger(session, names), orFail)
    }
    return
  }
  const missing = (detail: string) =>
    sourceError(options.sourceId, { _tag: "NoPublication", publication: names.full, detail })
  if (!isNew) {
    return yield* missing(
      `it does not exist, but slot ${options.slot} does: a publication has to be there before the slot. Drop the slot and start again, or create the publication and name another SLOT_NAME`
    )
  }
  yield* Effect.mapError(createPublications(session, names, facts.serverVersion, trigger), (error) =>
    error.failure === "refused" ? missing(`cannot be created: ${error.message}`) : orFail(error)
  )
  if (trigger) yield* Effect.mapError(installCaptureTrigger(session, names), orFail)
})
