import { Effect, Layer, Option, type Redacted, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { type AuditFilterQuery, auditHeadOf } from "../../control/api/AuditApi.ts"
import type { AuditHead } from "../../control/audit/AuditChain.ts"
import { checkLog } from "../../control/audit/AuditCheck.ts"
import { csvHead, csvLine } from "../../control/audit/AuditCsv.ts"
import { auditOutcomes } from "../../control/audit/AuditEntry.ts"
import { AuditLog } from "../../control/audit/AuditLog.ts"
import { controlDatabase, explainSqlError } from "../../control/ControlDatabase.ts"
import { Settings } from "../Settings.ts"
import { api } from "./ApiClient.ts"
import { auditCheckText, auditTable } from "./AuditText.ts"
import { CliFailure, cliCodes, failed, misused } from "./CliFailure.ts"
import { jsonText } from "./JsonText.ts"
import { answer, urlFlag } from "./Root.ts"
import { Screen } from "./Screen.ts"

const text = (name: string, about: string) =>
  Flag.String(name).pipe(Flag.withDescription(about), Flag.optional)

const filters = {
  actor: text("actor", "only what this user did, by name"),
  action: text("action", "only this, such as jobs.start"),
  target: text("target", "only what was done to this, such as a job's id"),
  outcome: Flag.Literals("outcome", auditOutcomes).pipe(
    Flag.withDescription("only what ended so"),
    Flag.optional
  ),
  start: text("start", "from this time on (RFC 3339)"),
  end: text("end", "before this time (RFC 3339)")
}

const queryOf = (given: Command.Command.Config.Infer<typeof filters>): AuditFilterQuery => ({
  ...(Option.isSome(given.actor) ? { actor: given.actor.value } : {}),
  ...(Option.isSome(given.action) ? { action: given.action.value } : {}),
  ...(Option.isSome(given.target) ? { target: given.target.value } : {}),
  ...(Option.isSome(given.outcome) ? { outcome: given.outcome.value } : {}),
  ...(Option.isSome(given.start) ? { start: given.start.value } : {}),
  ...(Option.isSome(given.end) ? { end: given.end.value } : {})
})

const list = Command.make(
  "list",
  {
    ...filters,
    limit: Flag.Int("limit").pipe(Flag.withDescription("at most so many, up to 200"), Flag.withDefault(20))
  },
  ({ limit, ...given }) =>
    Effect.gen(function* () {
      const { ask } = yield* api
      const page = yield* ask((rpc) => rpc["audit.list"]({ query: { ...queryOf(given), limit } }))
      const more = page.next_cursor === null ? "" : "\n… and older ones"
      yield* answer(page.items, `${auditTable(page.items)}${more}`)
    })
).pipe(Command.withDescription("Who did what, and who was refused; newest first (admin)"))

const exported = Command.make(
  "export",
  {
    ...filters,
    format: Flag.Literals("format", ["ndjson", "csv"]).pipe(
      Flag.withDescription("a line of JSON each, or for spreadsheets"),
      Flag.withDefault("ndjson")
    )
  },
  ({ format, ...given }) =>
    Effect.gen(function* () {
      const screen = yield* Screen
      const { ask } = yield* api
      // The screen ends the lines.
      if (format === "csv") yield* screen.line(csvHead.trimEnd())
      yield* ask((rpc) =>
        Stream.runForEach(rpc["audit.exportNdjson"]({ query: queryOf(given) }), (entry) =>
          screen.line(format === "csv" ? csvLine(entry).slice(0, -2) : jsonText(entry))
        )
      )
    })
).pipe(Command.withDescription("All that match, oldest first, to stdout (admin)"))

/** Reads the table itself: however many lines there are, and whether or not anything runs. */
const checkedHere = (url: Redacted.Redacted, kept: AuditHead | null) =>
  checkLog(kept).pipe(
    Effect.provide(
      AuditLog.layer.pipe(
        Layer.provideMerge(controlDatabase({ url, applicationName: "walstream audit", maxConnections: 2 }))
      )
    ),
    Effect.catchTags({
      SqlError: (error) => Effect.fail(failed(`the control database: ${explainSqlError(error).detail}`)),
      AuditError: (error) => Effect.fail(failed(error.message))
    })
  )

const verify = Command.make(
  "verify",
  { head: text("head", "NUMBER:HASH of a line as it was told before: it must still be that one") },
  ({ head }) =>
    Effect.gen(function* () {
      const given = Option.getOrUndefined(head)
      const kept = auditHeadOf(given)
      if (given !== undefined && kept === null) {
        return yield* misused("--head must be NUMBER:HASH, as `walstream audit verify` ends with")
      }
      const { databaseUrl, walstreamUrl } = yield* Settings
      const isAddressed = (yield* urlFlag) !== undefined || Option.isSome(walstreamUrl)
      const query = given === undefined ? {} : { head: given }
      const found =
        Option.isSome(databaseUrl) && !isAddressed
          ? yield* checkedHere(databaseUrl.value, kept)
          : yield* Effect.flatMap(api, ({ ask }) => ask((rpc) => rpc["audit.verify"]({ query })))
      yield* answer(found, auditCheckText(found))
      if (!found.intact) return yield* new CliFailure({ text: "", code: cliCodes.failed })
    })
).pipe(
  Command.withDescription(
    "Whether every line is as it was written and none is missing: of the database that DATABASE_URL names, else by the API (admin). Exit code 1 when not"
  )
)

export const auditCommand = Command.make("audit").pipe(
  Command.withDescription("The record of who did what"),
  Command.withSubcommands([list, verify, exported])
)
