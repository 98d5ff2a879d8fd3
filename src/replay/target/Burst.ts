import type { Duplex } from "node:stream"
import { Deferred, Effect, Exit, Schema } from "effect"
import type pg from "pg"
import type { Text } from "../../postgres/PgSession.ts"
import { PostgresError } from "../../postgres/PostgresError.ts"

/** One statement of a burst. Parameters are PostgreSQL text, or null. */
export interface Statement {
  readonly sql: string
  readonly parameters: ReadonlyArray<Text>
  /** What a `COPY … FROM STDIN` reads, in COPY's text format, made while the server takes in what came before. */
  readonly copy?: Iterable<string>
  /** Whether it will come again: then it stays prepared on the server. */
  readonly keep?: boolean
}

/** What a statement did: rows touched, and the rows it returned. */
export interface Done {
  readonly count: number
  readonly rows: ReadonlyArray<ReadonlyArray<Text>>
}

/** The statement at `index` failed, and those after it were not run; -1 when the connection was lost. */
export class BurstFailed extends Schema.TaggedError<BurstFailed>()("BurstFailed", {
  index: Schema.Int,
  cause: PostgresError
}) {}

/** The part of the driver's connection that a burst writes to; the driver's own typings lack COPY. */
interface Wire {
  readonly stream: Duplex
  readonly parse: (message: { readonly name: string; readonly text: string }) => void
  readonly bind: (message: { readonly statement: string; readonly values: ReadonlyArray<Text> }) => void
  readonly execute: (message: { readonly portal: string }) => void
  readonly sendCopyFromChunk: (chunk: Buffer) => void
  readonly endCopyFrom: () => void
  readonly sync: () => void
}

/** Statements that go to the server together. */
const groupSize = 50

const nothing: ReadonlyArray<ReadonlyArray<Text>> = []

/** `INSERT 0 5`, `UPDATE 5`, `COPY 10`, `BEGIN`. */
const countOf = (tag: string): number => {
  const count = Number(tag.slice(tag.lastIndexOf(" ") + 1))
  return Number.isNaN(count) ? 0 : count
}

/** The names under which statements stay prepared on one connection, by their text. */
export class PreparedStatements {
  readonly #names = new Map<string, string>()
  #made = 0

  /** Enough for the statements of a few hundred tables; rarer ones are parsed each time. */
  static readonly most = 1000

  find(sql: string): string | undefined {
    return this.#names.get(sql)
  }
  /** Undefined when there are enough. */
  add(sql: string): string | undefined {
    if (this.#names.size >= PreparedStatements.most) return undefined
    const name = `ws${++this.#made}`
    this.#names.set(sql, name)
    return name
  }
  forget(sql: string): void {
    this.#names.delete(sql)
  }
}

/** Drives the extended protocol in the driver's turn: every statement, then one Sync, so one round trip. */
class Submission implements pg.Submittable {
  readonly #statements: ReadonlyArray<Statement>
  readonly #prepared: PreparedStatements
  readonly #end: (result: ReadonlyArray<Done> | BurstFailed) => void
  readonly #done: Array<Done> = []
  readonly #parsed: Array<readonly [index: number, sql: string]> = []
  #rows: Array<ReadonlyArray<Text>> | undefined
  /** The driver wants one; failures come by `handleError`. */
  readonly callback = (): void => undefined

  constructor(
    statements: ReadonlyArray<Statement>,
    prepared: PreparedStatements,
    end: (result: ReadonlyArray<Done> | BurstFailed) => void
  ) {
    this.#statements = statements
    this.#prepared = prepared
    this.#end = end
  }

  submit(connection: pg.Connection): void {
    // The class behind it has these methods with these arguments; see `Wire`.
    const wire = connection as unknown as Wire
    const { stream } = wire
    /** The server starts on what there is while the rest is made. */
    const handOver = (): void => {
      stream.uncork()
      stream.cork()
    }
    stream.cork()
    for (const [index, statement] of this.#statements.entries()) {
      if (index > 0 && index % groupSize === 0) handOver()
      wire.bind({ statement: this.#prepare(wire, index, statement), values: statement.parameters })
      wire.execute({ portal: "" })
      if (statement.copy === undefined) continue
      for (const text of statement.copy) {
        wire.sendCopyFromChunk(Buffer.from(text))
        handOver()
      }
      wire.endCopyFrom()
    }
    wire.sync()
    stream.uncork()
  }

  /** The name under which the statement is known to the server; "" for the one that lasts until the next. */
  #prepare(wire: Wire, index: number, { sql, keep }: Statement): string {
    const known = keep === true ? this.#prepared.find(sql) : undefined
    if (known !== undefined) return known
    const name = keep === true ? this.#prepared.add(sql) : undefined
    if (name !== undefined) this.#parsed.push([index, sql])
    wire.parse({ name: name ?? "", text: sql })
    return name ?? ""
  }

  handleRowDescription(): void {}
  handlePortalSuspended(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}

  handleDataRow(message: { readonly fields: ReadonlyArray<Text> }): void {
    if (this.#rows === undefined) this.#rows = []
    this.#rows.push(message.fields)
  }

  handleCommandComplete(message: { readonly text: string }): void {
    this.#done.push({ count: countOf(message.text), rows: this.#rows ?? nothing })
    this.#rows = undefined
  }

  handleEmptyQuery(): void {
    this.#done.push({ count: 0, rows: nothing })
  }

  handleReadyForQuery(): void {
    this.#end(this.#done)
  }

  /** From the server (SQLSTATE in `code`), or from the socket: then nothing of the burst is known. */
  handleError(cause: unknown): void {
    const index = this.#done.length
    // What stood behind the failure was never parsed, and of the failed one it is not known.
    for (const [at, sql] of this.#parsed) if (at >= index) this.#prepared.forget(sql)
    const error = PostgresError.from(cause)
    this.#end(
      new BurstFailed({ index: /^[0-9FHPX][0-9A-Z]{4}$/u.test(error.code) ? index : -1, cause: error })
    )
  }
}

/**
 * Sends statements in one go and gives what each did. After a failed one the server skips the rest; a transaction
 * that the burst has begun is then open and failed. When it is interrupted, `stop` must make it end.
 */
export const sendBurst = (
  client: pg.Client,
  prepared: PreparedStatements,
  statements: ReadonlyArray<Statement>,
  stop: (ended: Effect.Effect<void>) => Effect.Effect<void>
): Effect.Effect<ReadonlyArray<Done>, BurstFailed> =>
  Effect.callback((resume) => {
    const ended = Deferred.makeUnsafe<void>()
    client.query(
      new Submission(statements, prepared, (result) => {
        resume(result instanceof BurstFailed ? Effect.fail(result) : Effect.succeed(result))
        Deferred.doneUnsafe(ended, Exit.void)
      })
    )
    return stop(Deferred.await(ended))
  })
