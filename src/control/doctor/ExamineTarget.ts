import { Effect, type Redacted } from "effect"
import { type Relation, tableName } from "../../domain/Relation.ts"
import { error, type Finding, info, warning } from "../../ingest/doctor/Finding.ts"
import { connectPg, type PgSession } from "../../postgres/PgSession.ts"
import { isSource } from "../../replay/target/DatabaseIdentity.ts"
import { fitRelation, isMisfit } from "../../replay/target/Fit.ts"
import { isTrue, ledgerExistsSql, ledgerScript } from "../../replay/target/Ledger.ts"
import { catalogSql, describeTable } from "../../replay/target/TargetCatalog.ts"
import { connectionFinding } from "./ConnectionFinding.ts"
import { readRelations } from "./SourceRelations.ts"

export interface TargetToExamine {
  readonly name: string
  readonly url: Redacted.Redacted
  /** Null where there is none, or it does not matter. */
  readonly source: Redacted.Redacted | null
}

const variableOf = (name: string): string =>
  name === "default" ? "TARGET_URL" : `TARGET_${name.toUpperCase()}_URL`

/** Whether we may write here at all, and keep the ledger. */
const checkRights = Effect.fnUntraced(function* (session: PgSession, what: string) {
  const [row] = yield* session.query(
    `SELECT pg_is_in_recovery()::text AS standby, current_user AS role, current_database() AS database,
has_database_privilege(current_database(), 'CREATE')::text AS may_create`
  )
  const findings: Array<Finding> = []
  if (row?.["standby"] === "true") {
    findings.push(error("standby", `${what} is a standby: nothing can be written there`, "name its primary"))
    return findings
  }
  const [ledger] = yield* session.query(ledgerExistsSql)
  if (!isTrue(ledger) && row?.["may_create"] !== "true") {
    findings.push(
      error(
        "no_ledger",
        `${what} has no ledger yet, and role ${row?.["role"]} may not make it`,
        `${ledgerScript}\nGRANT USAGE ON SCHEMA walstream TO "${row?.["role"]}"; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA walstream TO "${row?.["role"]}";`
      )
    )
  }
  const replica = yield* session.script("SET session_replication_role = replica").pipe(Effect.isSuccess)
  if (!replica) {
    findings.push(
      info(
        "triggers_fire",
        `${what}: role ${row?.["role"]} may not turn triggers and foreign keys off, so they fire for replayed changes too, which is slower`,
        `GRANT SET ON PARAMETER session_replication_role TO "${row?.["role"]}"`
      )
    )
  } else yield* session.script("SET session_replication_role = origin")
  return findings
})

/** Which of the source's tables cannot be replayed here as they are. */
const checkTables = Effect.fnUntraced(function* (
  session: PgSession,
  what: string,
  relations: ReadonlyArray<Relation>
) {
  const rows = yield* session.query(catalogSql, [
    relations.map(({ schema }) => schema),
    relations.map(({ name }) => name),
    ["A", "R"]
  ])
  const tables = new Map(
    rows.map((row) => {
      const table = describeTable(row["described"] ?? "")
      return [tableName(table), table] as const
    })
  )
  return relations.flatMap((relation) => {
    const fit = fitRelation(relation, tables.get(tableName(relation)))
    return isMisfit(fit)
      ? [
          warning(
            "unfit_table",
            `${what}: table ${fit.table}: ${fit.detail}`,
            "mend it at the target, or name the tables of a job that leave it out"
          )
        ]
      : []
  })
})

/** Looks a target over without changing anything. Never fails: what cannot be asked is a finding too. */
export const examineTarget = ({
  name,
  url,
  source
}: TargetToExamine): Effect.Effect<ReadonlyArray<Finding>> => {
  const what = `target ${name}`
  return Effect.gen(function* () {
    const session = yield* connectPg({ url, applicationName: "walstream doctor" })
    if (source !== null && (yield* isSource({ url: source }, url, session))) {
      return [
        error("same_as_source", `${what} is the source itself`, `set ${variableOf(name)} to another database`)
      ]
    }
    const rights = yield* checkRights(session, what)
    if (source === null) return rights
    const relations = yield* connectPg({ url: source, applicationName: "walstream doctor" }).pipe(
      Effect.flatMap(readRelations),
      Effect.scoped,
      // What is wrong with the source is told by its own examination.
      Effect.orElseSucceed(() => [])
    )
    return [...rights, ...(yield* checkTables(session, what, relations))]
  }).pipe(
    Effect.catchTag("PostgresError", (cause) =>
      Effect.succeed([connectionFinding(what, variableOf(name), cause)])
    ),
    Effect.scoped
  )
}
