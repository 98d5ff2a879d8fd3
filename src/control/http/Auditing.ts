import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerRequest, type HttpServerResponse } from "effect/http"
import { Audited } from "../api/Audited.ts"
import { accessOf } from "../api/RouteRoles.ts"
import { isChange } from "../audit/AuditedActs.ts"
import { auditNote, emptyNote } from "../audit/AuditNote.ts"
import { type Act, AuditTrail, type LineEnd } from "../audit/AuditTrail.ts"
import { problemOf, problemResponse } from "./ProblemBody.ts"

type Answer = HttpServerResponse.HttpServerResponse

/** What a route's name and method make of it. */
export const actOf = (
  group: { readonly identifier: string },
  endpoint: { readonly identifier: string; readonly method: string }
): Act => {
  const action = `${group.identifier}.${endpoint.identifier}`
  return { action, door: "http", changes: isChange(action, endpoint.method) }
}

/** An answer from what was kept under an `Idempotency-Key` has changed nothing. */
export const endOfAnswer = ({ status, headers }: Answer): LineEnd | null =>
  status < 400 ? { status, problem: null, isRepeated: headers["idempotency-replayed"] !== undefined } : null

const showsSomething = ({ headers, url }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["authorization"] !== undefined ||
  headers["x-api-key"] !== undefined ||
  headers["cookie"]?.includes("walstream_refresh") === true ||
  /[?&](?:ticket|token)=/u.test(url)

export const notRecorded: Answer = problemResponse({
  ...problemOf(503),
  detail: "the control database does not answer"
})

export const layerAudited: Layer.Layer<Audited, never, AuditTrail> = Layer.effect(
  Audited,
  Effect.map(AuditTrail, (trail) =>
    Audited.of((route, { group, endpoint }) => {
      const act = actOf(group, endpoint)
      // Of a login: it shows a password. A page that has no cookie yet asks, too.
      const isLogin = accessOf(act.action)?.role === "public" && act.action !== "auth.refresh"
      return Effect.gen(function* () {
        const { params } = yield* HttpRouter.RouteContext
        const request = yield* HttpServerRequest.HttpServerRequest
        const hasShown = isLogin || showsSomething(request)
        const onRecord = Effect.tapCause(route, (cause) => trail.failed(act, cause, hasShown)).pipe(
          Effect.tap(({ status }) =>
            status < 400 ? Effect.void : trail.refused(act, { status, problem: null }, hasShown)
          )
        )
        return yield* Effect.provideService(onRecord, auditNote, emptyNote(Object.values(params)[0] ?? null))
      })
    })
  )
)
