import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Schema } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { explainSqlError } from "../ControlDatabase.ts"
import { timeText } from "../SqlTime.ts"
import { type AuditHead, AuditRow } from "./AuditChain.ts"
import { type AuditOutcome, type NewEntry, plainText } from "./AuditEntry.ts"

/** The record cannot be written or read. */
export class AuditError extends Schema.TaggedError<AuditError>()("AuditError", {
  detail: Schema.String,
  isRetryable: Schema.Boolean
}) {
  override get message(): string {
    return `the audit log: ${this.detail}`
  }
}

/** Which lines are wanted; null for all. Times are RFC 3339, `end` exclusive. */
export interface AuditFilter {
  readonly actor: string | null
  readonly action: string | null
  readonly target: string | null
  readonly outcome: AuditOutcome | null
  readonly start: string | null
  readonly end: string | null
}

const decodeRows = Schema.decodeUnknownEffect(Schema.Array(AuditRow))
const decodeHead = Schema.decodeUnknownEffect(
  Schema.Array(Schema.Struct({ seq: Schema.String, hash: Schema.String }))
)

const failed = (error: SqlError) => new AuditError(explainSqlError(error))

const orNull = (text: string): string | null => (text === "" ? null : plainText(text))

const plainOrNull = (text: string | null): string | null => (text === null ? null : plainText(text))

/** Its columns; what others have written is made plain. */
const rowOf = (entry: NewEntry) => ({
  actor_id: entry.actor?.id ?? null,
  actor: plainOrNull(entry.actor?.name ?? null),
  credential: entry.actor?.credential ?? null,
  action: entry.action,
  target: plainOrNull(entry.target),
  claimed: plainOrNull(entry.claimed),
  outcome: entry.outcome,
  status: entry.status,
  problem: entry.problem,
  repeats: entry.repeats,
  door: entry.door,
  address: orNull(entry.address),
  request_id: orNull(entry.requestId),
  before: entry.before,
  after: entry.after
})

/**
 * The record of who did what, in the control database. It is only ever added to; the database numbers, times and chains
 * what is added, one transaction behind the other.
 */
export class AuditLog extends Context.Service<
  AuditLog,
  {
    /** In the transaction that is open, if one is. */
    readonly append: (entries: ReadonlyArray<NewEntry>) => Effect.Effect<void, AuditError>
    /** Newest first, from behind `before` on. */
    readonly newest: (
      filter: AuditFilter,
      page: { readonly limit: number; readonly before: number | null }
    ) => Effect.Effect<ReadonlyArray<AuditRow>, AuditError>
    /** Oldest first, from behind `after` on. */
    readonly oldest: (
      filter: AuditFilter | null,
      page: { readonly limit: number; readonly after: number }
    ) => Effect.Effect<ReadonlyArray<AuditRow>, AuditError>
    readonly head: Effect.Effect<AuditHead, AuditError>
  }
>()("walstream/control/audit/AuditLog") {
  static readonly layer: Layer.Layer<AuditLog, never, PgClient.PgClient> = Layer.effect(
    AuditLog,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      // None of the database's own functions: who could change a line could change those.
      const columns = sql.literal(`seq::text AS seq,
        ${timeText("at")} AS at, actor_id, actor, credential, action,
        target, outcome, status::text AS status, problem, repeats::text AS repeats, door, address, request_id,
        before::text AS before, after::text AS after, encode(hash, 'hex') AS hash`)

      const where = (filter: AuditFilter | null) => {
        if (filter === null) return sql`true`
        const { actor, action, target, outcome, start, end } = filter
        return sql.and([
          sql`true`,
          ...(actor === null ? [] : [sql`actor = ${actor}`]),
          ...(action === null ? [] : [sql`action = ${action}`]),
          ...(target === null ? [] : [sql`target = ${target}`]),
          ...(outcome === null ? [] : [sql`outcome = ${outcome}`]),
          ...(start === null ? [] : [sql`at >= ${start}::timestamptz`]),
          ...(end === null ? [] : [sql`at < ${end}::timestamptz`])
        ])
      }

      return AuditLog.of({
        append: (entries) =>
          entries.length === 0
            ? Effect.void
            : sql`INSERT INTO audit_log (actor_id, actor, credential, action, target, outcome, status, problem, repeats,
                door, address, request_id, before, after)
              SELECT actor_id, coalesce(actor, (SELECT username FROM users WHERE id::text = actor_id)), credential, action,
                coalesce(target, (SELECT username FROM users WHERE lower(username) = lower(claimed))), outcome, status, problem, repeats, door, address,
                request_id, before, after
              FROM jsonb_to_recordset(${sql.json(entries.map(rowOf))}::jsonb) AS e (actor_id text, actor text,
                credential text, action text, target text, claimed text, outcome text, status int4, problem text, repeats int4,
                door text, address text, request_id text, before jsonb, after jsonb)`.pipe(
                Effect.mapError(failed),
                Effect.asVoid
              ),
        newest: (filter, { limit, before }) =>
          sql`SELECT ${columns} FROM audit_log
            WHERE ${where(filter)} AND seq < coalesce(${before}::int8, 9223372036854775807)
            ORDER BY audit_log.seq DESC LIMIT ${limit}`.pipe(
            Effect.mapError(failed),
            Effect.flatMap((rows) => Effect.orDie(decodeRows(rows)))
          ),
        oldest: (filter, { limit, after }) =>
          sql`SELECT ${columns} FROM audit_log WHERE ${where(filter)} AND seq > ${after}::int8
            ORDER BY audit_log.seq LIMIT ${limit}`.pipe(
            Effect.mapError(failed),
            Effect.flatMap((rows) => Effect.orDie(decodeRows(rows)))
          ),
        head: sql`SELECT seq::text AS seq, encode(hash, 'hex') AS hash FROM audit_head`.pipe(
          Effect.mapError(failed),
          Effect.flatMap((rows) => Effect.orDie(decodeHead(rows))),
          Effect.map(([head]) => ({ seq: Number(head?.seq ?? 0), hash: head?.hash ?? "" }))
        )
      })
    })
  )
}
