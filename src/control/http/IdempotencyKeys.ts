import { createHash } from "node:crypto"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Schema } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import { SqlError } from "effect/sql/SqlError"
import { Idempotent } from "../api/Idempotent.ts"
import { Principal } from "../api/Principal.ts"
import { IdempotencyMismatch, IdempotencyPending, InvalidRequest, Unavailable } from "../api/Problems.ts"
import { explainSqlError } from "../ControlDatabase.ts"

const decodeKept = Schema.decodeUnknownEffect(
  Schema.Array(
    Schema.Struct({
      body_hash: Schema.String,
      status: Schema.Int,
      headers: Schema.Record(Schema.String, Schema.String),
      body: Schema.String
    })
  )
)

/** With its objects' members in order, so that the same content is the same text. Depth is bounded before this. */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, canonical(member)])
  )
}

const hashOf = (text: string): string => {
  let content = text
  try {
    content = JSON.stringify(canonical(JSON.parse(text)))
  } catch {
    // No JSON: the contract will say so.
  }
  return createHash("sha256").update(content).digest("base64url")
}

const keyShape = /^[\u0021-\u007e]{1,255}$/u

const wrongKey = new InvalidRequest({
  detail: "look at Idempotency-Key",
  errors: [{ path: "Idempotency-Key", message: "must be 1 to 255 visible ASCII characters, such as a UUID" }]
})

/**
 * The request's effect and the note of its answer are one transaction: a crash leaves both or none, and what failed may
 * be tried again under the same key. Whoever comes with the key meanwhile is told to come back.
 */
export const layerIdempotent: Layer.Layer<Idempotent, never, PgClient.PgClient> = Layer.effect(
  Idempotent,
  Effect.map(PgClient.PgClient, (sql) => {
    const forget = sql`DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - interval '24 hours'`

    return Idempotent.of((route, { group, endpoint }) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const key = request.headers["idempotency-key"]
        if (key === undefined) return yield* route
        if (!keyShape.test(key)) return yield* wrongKey
        const { id: principal } = yield* Principal
        const name = `${group.identifier}.${endpoint.identifier}`
        const hash = hashOf(yield* Effect.orDie(request.text))
        yield* forget
        return yield* sql.withTransaction(
          Effect.gen(function* () {
            const [lock] = yield* sql<{ readonly held: boolean }>`
              SELECT pg_try_advisory_xact_lock(hashtextextended(${`${principal} ${name} ${key}`}, 7)) AS held`
            if (lock?.held !== true) {
              return yield* new IdempotencyPending({
                detail: "the first request is not done",
                retry_after: 1
              })
            }
            const [kept] = yield* Effect.flatMap(
              sql`SELECT body_hash, status, headers, body FROM idempotency_keys
                WHERE principal = ${principal} AND route = ${name} AND key = ${key}`,
              (rows) => Effect.orDie(decodeKept(rows))
            )
            if (kept !== undefined) {
              if (kept.body_hash !== hash) {
                return yield* new IdempotencyMismatch({ detail: "the key was used for another body" })
              }
              return HttpServerResponse.text(kept.body, {
                status: kept.status,
                contentType: "application/json",
                headers: { ...kept.headers, "idempotency-replayed": "true" }
              })
            }
            const response = yield* route
            const { status, body, headers } = response
            if (status < 300 && body._tag === "Uint8Array") {
              const { etag } = headers
              yield* sql`INSERT INTO idempotency_keys (principal, route, key, body_hash, status, headers, body)
                VALUES (${principal}, ${name}, ${key}, ${hash}, ${status}, ${sql.json(etag === undefined ? {} : { etag })},
                  ${new TextDecoder().decode(body.body)})`
            }
            return response
          })
        )
      }).pipe(
        Effect.catchIf(
          (error): error is SqlError => error instanceof SqlError,
          (error) =>
            explainSqlError(error).isRetryable
              ? Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
              : Effect.die(error)
        )
      )
    )
  })
)
