import { Context, Effect, Layer } from "effect"
import { HttpServerRequest } from "effect/http"
import { HttpApiMiddleware } from "effect/http-api"
import { Authorized, Decoding, Principal, takesQueryCredentials } from "../api/Principal.ts"
import { InvalidRequest, Unauthorized } from "../api/Problems.ts"
import { unreadable } from "../api/Unreadable.ts"
import { isReading, recordsItself } from "../audit/AuditedActs.ts"
import { noteActor } from "../audit/AuditNote.ts"
import { AuditTrail, NotRecorded } from "../audit/AuditTrail.ts"
import { Identity } from "../auth/Identity.ts"
import { actorOf, mayCall, quotaOwner } from "../auth/WhoMay.ts"
import { Tickets } from "../live/Tickets.ts"
import { ReadOnlySql } from "../ReadOnlySql.ts"
import { Admission } from "./Admission.ts"
import { actOf, endOfAnswer, notRecorded } from "./Auditing.ts"

/** What a stream's address may carry. */
const inAddress = ({ url }: HttpServerRequest.HttpServerRequest) => {
  const query = new URLSearchParams(url.slice(url.indexOf("?") + 1))
  return { ticket: query.get("ticket"), token: query.get("token") }
}

/** Finds out who asks, by a token, or where a stream is opened by a ticket. */
const makeIdentify = Effect.gen(function* () {
  const identity = yield* Identity
  const tickets = yield* Tickets

  const redeem = (ticket: string) =>
    tickets.redeem(ticket).pipe(
      Effect.catchTag("TicketsError", (error) => Effect.as(Effect.logWarning(error.message), null)),
      Effect.filterOrFail(
        (holder) => holder !== null,
        () => new Unauthorized({ detail: "the ticket is not known, was used, or is past its time" })
      ),
      Effect.flatMap(identity.ofHolder)
    )

  return (request: HttpServerRequest.HttpServerRequest, isStream: boolean) => {
    const { headers } = request
    const { ticket, token } = isStream ? inAddress(request) : { ticket: null, token: null }
    const inHeaders = headers["authorization"] ?? headers["x-api-key"] ?? null
    if ([inHeaders, ticket, token].filter((each) => each !== null).length > 1) {
      const errors = [
        { path: ticket === null ? "token" : "ticket", message: "is one of several credentials" }
      ]
      return Effect.fail(new InvalidRequest({ detail: "show one credential, not several", errors }))
    }
    if (ticket !== null) return redeem(ticket)
    // Addresses are written down on the way: what is good for longer than an hour is not taken there.
    return token === null ? identity.ofHeaders(headers) : identity.ofToken(token)
  }
})

/** The library tries one scheme after the other: all that may be shown is looked at under the second. */
const notThisScheme = Effect.fail(new Unauthorized({}))

/** Finds out who asks, and holds the caller against the table of routes. */
export const layerAuthorized: Layer.Layer<
  Authorized,
  never,
  Identity | Tickets | Admission | ReadOnlySql | AuditTrail
> = Layer.effect(
  Authorized,
  Effect.gen(function* () {
    const identify = yield* makeIdentify
    const admission = yield* Admission
    const readOnly = yield* ReadOnlySql
    const trail = yield* AuditTrail
    return Authorized.of({
      api_key: () => notThisScheme,
      bearer: (route, { endpoint, group }) =>
        Effect.gen(function* () {
          const request = yield* HttpServerRequest.HttpServerRequest
          const isStream = Context.get(endpoint.annotations, takesQueryCredentials)
          const principal = yield* identify(request, isStream)
          yield* noteActor(actorOf(principal))
          const act = actOf(group, endpoint)
          yield* mayCall(principal, act.action)
          const answer = Effect.provideService(route, Principal, principal)
          const isTogether = act.changes && !recordsItself(act.action)
          return yield* admission.ofPrincipal(
            quotaOwner(principal),
            isReading(act.action, endpoint.method)
              ? readOnly.run(answer)
              : isTogether
                ? Effect.catchIf(
                    trail.together(act, answer, endOfAnswer),
                    (error) => error instanceof NotRecorded,
                    () => Effect.succeed(notRecorded)
                  )
                : answer
          )
        })
    })
  })
)

/** A request that cannot be decoded is answered with every fault it has, by field. */
export const layerDecoding: Layer.Layer<Decoding> = HttpApiMiddleware.layerSchemaErrorTransform(
  Decoding,
  (error) => {
    // Our own answer did not fit its schema: that is our fault, and none of the caller's business.
    if (error.kind === "Body" || error.kind === "ResponseHeaders") return Effect.die(error)
    return Effect.fail(unreadable(error.cause))
  }
)
