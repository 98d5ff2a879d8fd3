import { createHash } from "node:crypto"
import { Context, Effect, Layer, Option, Stream } from "effect"
import { type AuditFilterQuery, auditHeadOf } from "./api/AuditApi.ts"
import { type AuditJson, auditJson } from "./api/AuditJson.ts"
import { checkLog } from "./audit/AuditCheck.ts"
import { type AuditFilter, AuditLog } from "./audit/AuditLog.ts"
import { invalidField } from "./InvalidField.ts"
import { pageOf } from "./Page.ts"
import { decodeCursor, encodeCursor } from "./PageCursor.ts"
import { ReadOnlySql } from "./ReadOnlySql.ts"
import { controlUnavailable } from "./StoreUnavailable.ts"

const filterOf = (query: AuditFilterQuery): AuditFilter => ({
  actor: query.actor ?? null,
  action: query.action ?? null,
  target: query.target ?? null,
  outcome: query.outcome ?? null,
  start: query.start ?? null,
  end: query.end ?? null
})

/** The same for lists of the same lines. */
const nameOf = (filter: AuditFilter): string =>
  createHash("sha256").update(JSON.stringify(filter)).digest("base64url").slice(0, 16)

/** The line that a page ended with; undefined when the cursor is of another list. */
const lineBefore = (cursor: string, filter: AuditFilter): number | undefined => {
  const [seq = "", of, ...more] = decodeCursor(cursor) ?? []
  return /^\d{1,15}$/u.test(seq) && of === nameOf(filter) && more.length === 0 ? Number(seq) : undefined
}

/** Lines of an export that are held at a time. */
const atOnce = 500

/** What is asked of the record, whichever way. */
export class AuditOperations extends Context.Service<AuditOperations>()("walstream/control/AuditOperations", {
  make: Effect.gen(function* () {
    const log = yield* AuditLog
    const readOnly = yield* ReadOnlySql

    return {
      list: Effect.fnUntraced(
        function* (query: AuditFilterQuery & { readonly limit?: number; readonly cursor?: string }) {
          const { limit = 50, cursor } = query
          const filter = filterOf(query)
          const before = cursor === undefined ? null : lineBefore(cursor, filter)
          if (before === undefined) {
            return yield* invalidField("cursor", "is not the next_cursor of a list with these filters")
          }
          const found = yield* log.newest(filter, { limit: limit + 1, before })
          const page = pageOf(found, limit, (last) => encodeCursor(last.seq, nameOf(filter)))
          return { ...page, items: page.items.map(auditJson) }
        },
        Effect.catchTag("AuditError", controlUnavailable)
      ),

      verify: ({ head }: { readonly head?: string }) =>
        checkLog(auditHeadOf(head)).pipe(
          Effect.provideService(AuditLog, log),
          Effect.catchTag("AuditError", controlUnavailable)
        ),

      /**
       * Oldest first. A page is read when whoever asked has taken the one before, and holds nothing of the database
       * meanwhile. The first is read before it begins, so that what is away is told.
       */
      export: (query: AuditFilterQuery) => {
        const filter = filterOf(query)
        const page = (after: number) =>
          Effect.catchTag(
            readOnly.run(log.oldest(filter, { limit: atOnce, after })),
            "AuditError",
            controlUnavailable
          )
        return Effect.map(page(0), (first) =>
          Stream.paginate(first, (rows) => {
            const last = rows.at(-1)
            const items: ReadonlyArray<AuditJson> = rows.map(auditJson)
            return last === undefined || rows.length < atOnce
              ? Effect.succeed([items, Option.none()] as const)
              : Effect.map(page(Number(last.seq)), (next) => [items, Option.some(next)] as const)
          })
        )
      }
    }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}
