import { Effect } from "effect"
import { formatLsn } from "../domain/Lsn.ts"
import type { AttachOptions } from "./Attach.ts"
import { captureTriggerStatements, hasCaptureTrigger } from "./CaptureTrigger.ts"
import { checkServer } from "./doctor/CheckServer.ts"
import { checkOtherSlots, checkSlot } from "./doctor/CheckSlots.ts"
import { checkTables } from "./doctor/CheckTables.ts"
import { type Finding, info, sortFindings, warning } from "./doctor/Finding.ts"
import { endOfHistory, type History, historyProblem } from "./History.ts"
import { publicationNames, readPublications } from "./Publications.ts"
import { readSlot, slotProblem } from "./Slot.ts"
import { SourceError, type SourceErrorReason, sourceError } from "./SourceError.ts"
import { identifySource } from "./SourceIdentity.ts"
import { connectSource } from "./SourceSession.ts"

/** `no_publication` for NoPublication: codes are snake_case outside. */
const snake = (tag: string): string => tag.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, "_").toLowerCase()

const fromError = (error: SourceError): Finding => ({
  severity: "error",
  code: snake(error.reason._tag),
  message: error.message,
  fix: error.fix
})

const triggerFinding = (options: AttachOptions, isSuperuser: boolean): Finding =>
  info(
    "new_tables",
    "a table that is created later is captured from the first transaction after it was noticed; this event trigger notices at once" +
      (isSuperuser ? " (CAPTURE_NEW_TABLES=trigger makes it)" : " (a superuser has to make it)"),
    captureTriggerStatements(publicationNames(options.publication)).join(";\n")
  )

/**
 * Looks a source over without changing anything: what would keep capture from running, what is not captured, what
 * endangers the slot, each with what mends it. Never fails: what cannot be asked is a finding too.
 */
export const examineSource = (
  options: AttachOptions,
  history: History
): Effect.Effect<ReadonlyArray<Finding>> =>
  examine(options, history).pipe(
    Effect.catchTag("PostgresError", (error) => sourceError(options.sourceId, error)),
    Effect.catchTag("SourceError", (error) => Effect.succeed([fromError(error)])),
    Effect.map(sortFindings),
    Effect.scoped
  )

const examine = Effect.fnUntraced(function* (options: AttachOptions, history: History) {
  const { slot, sourceId, plugin } = options
  const session = yield* connectSource(options, "doctor")
  const findings: Array<Finding> = []
  const report = (reason: SourceErrorReason) => {
    findings.push(fromError(new SourceError({ source: sourceId, reason })))
  }
  const identified = yield* Effect.result(identifySource(session, options))
  if (identified._tag === "Failure") {
    findings.push(fromError(identified.failure))
    // A standby does not even answer most of the questions below.
    if (identified.failure.reason._tag === "Unsupported") return findings
  }
  const facts = identified._tag === "Success" ? identified.success : undefined

  const names = publicationNames(options.publication)
  const state = yield* readSlot(session, slot)
  if (facts !== undefined) {
    const other = historyProblem(facts, slot, history)
    if (other !== undefined) report(other)
    const end = endOfHistory(facts, history)
    if (state !== undefined) {
      const wanted = { plugin, database: facts.database }
      const problem = slotProblem(state, wanted, end ?? state.confirmedLsn ?? 0n)
      if (problem !== undefined) report(problem)
    } else if (end !== null) {
      report({ _tag: "SlotMissing", slot, from: formatLsn(end) })
    }
  }
  if (state !== undefined) findings.push(...checkSlot(state, sourceId))
  findings.push(...(yield* checkServer(session, state !== undefined)))
  findings.push(...(yield* checkOtherSlots(session, slot)))
  if (plugin === "wal2json") {
    findings.push(
      warning(
        "wal2json_loses",
        "wal2json does not send everything: before version 2.6, NaN and the infinities arrive as null; UPDATEs and DELETEs of tables without replica identity never arrive",
        "CAPTURE_PLUGIN=pgoutput where the slot leaves the choice; docs/wal2json.md lists all"
      )
    )
  } else {
    const found = yield* readPublications(session, names)
    findings.push(...(yield* checkTables(session, names, found, facts?.serverVersion ?? 0)))
    if (found.full?.ours !== false && !(yield* hasCaptureTrigger(session))) {
      findings.push(triggerFinding(options, facts?.isSuperuser ?? false))
    }
  }
  return findings
})
