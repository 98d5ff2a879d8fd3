import { Schema } from "effect"

/** What a failed statement or connection means for whoever sent it. */
export const PostgresFailure = Schema.Literals([
  /** No server there, connection lost, server shutting down, too many connections: worth another try. */
  "unavailable",
  /** Deadlock, serialization failure, lock time-out: the same statement may succeed now. */
  "contention",
  /** Disk full, out of memory. Worth another try when there is room. */
  "resources",
  /** Wrong password, no such role or database, no permission. */
  "refused",
  /** We, or somebody for us, asked the server to stop the statement. */
  "cancelled",
  /** The statement itself: a constraint, a type, a missing table. Trying again gives the same. */
  "rejected"
])
export type PostgresFailure = typeof PostgresFailure.Type

/** The parts of a server's or socket's error that we read; the drivers type theirs as `unknown`. */
const Wire = Schema.Struct({
  code: Schema.optional(Schema.String),
  message: Schema.optional(Schema.String),
  schema: Schema.optional(Schema.String),
  table: Schema.optional(Schema.String),
  column: Schema.optional(Schema.String),
  constraint: Schema.optional(Schema.String),
  where: Schema.optional(Schema.String)
})
const isWire = Schema.is(Wire)

const socketCodes = /^(ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|ENOENT)/u

/** By SQLSTATE (appendix A of the PostgreSQL manual), or a socket's code. */
export const classify = (code: string): PostgresFailure => {
  if (socketCodes.test(code) || code === "") return "unavailable"
  if (code === "57014") return "cancelled"
  if (code.startsWith("40") || code === "55P03" || code === "55006") return "contention"
  if (code.startsWith("53300") || code.startsWith("08") || code.startsWith("57")) return "unavailable"
  if (code.startsWith("53") || code.startsWith("54") || code === "58030") return "resources"
  if (code.startsWith("28") || code.startsWith("3D") || code === "42501") return "refused"
  return "rejected"
}

/** Classes whose server messages name objects only. Messages of all others may quote a cell's value and are left out. */
const namesObjects = /^(08|0A|25|28|3D|3F|40|42|53|54|55|57|58|F0)/u

/**
 * What a function at the server fails with may name an object after a value, or be anything in any class: `where` then says
 * which function, before the COPY that it was called by.
 */
const isQuotable = (code: string, { where = "COPY" }: typeof Wire.Type): boolean =>
  namesObjects.test(code) && where.startsWith("COPY")

/** An error of a PostgreSQL session. Its message never holds a cell's value. */
export class PostgresError extends Schema.TaggedError<PostgresError>()("PostgresError", {
  failure: PostgresFailure,
  /** SQLSTATE, or the socket's code (`ECONNREFUSED`), or "". */
  code: Schema.String,
  detail: Schema.String,
  table: Schema.optionalKey(Schema.String),
  column: Schema.optionalKey(Schema.String),
  constraint: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return this.code === "" ? this.detail : `${this.detail} (${this.code})`
  }
  get isRetryable(): boolean {
    return this.failure === "unavailable" || this.failure === "contention" || this.failure === "resources"
  }

  static from(cause: unknown): PostgresError {
    const wire = isWire(cause) ? cause : {}
    const code = wire.code ?? ""
    const sqlState = /^[0-9A-Z]{5}$/u.test(code) && !socketCodes.test(code)
    const named = [
      wire.constraint === undefined ? "" : `constraint ${wire.constraint}`,
      wire.column === undefined ? "" : `column ${wire.column}`,
      wire.table === undefined ? "" : `table ${wire.schema ?? "?"}.${wire.table}`
    ].filter((part) => part !== "")
    const detail =
      !sqlState || isQuotable(code, wire)
        ? (wire.message ?? "connection failed")
        : `the server refused it${named.length === 0 ? "" : `: ${named.join(", ")}`}`
    return new PostgresError({
      failure: classify(code),
      code,
      detail,
      ...(wire.table === undefined ? {} : { table: `${wire.schema ?? "?"}.${wire.table}` }),
      ...(wire.column === undefined ? {} : { column: wire.column }),
      ...(wire.constraint === undefined ? {} : { constraint: wire.constraint })
    })
  }
}
