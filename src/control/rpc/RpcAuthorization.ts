import { Cause, Effect, Layer, Predicate } from "effect"
import { Principal } from "../api/Principal.ts"
import { QuotaUsedUp, Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { isChange, isReading } from "../audit/AuditedActs.ts"
import { auditNote, emptyNote, noteActor } from "../audit/AuditNote.ts"
import { AuditTrail, NotRecorded } from "../audit/AuditTrail.ts"
import { shownIn } from "../auth/Credential.ts"
import { Identity } from "../auth/Identity.ts"
import { actorOf, mayCall, quotaOwner } from "../auth/WhoMay.ts"
import { logFault } from "../FaultText.ts"
import { caller } from "../http/Caller.ts"
import { Limiter } from "../limits/Limiter.ts"
import { asksOfPrincipal, type RateLimits } from "../limits/RateLimits.ts"
import { ReadOnlySql } from "../ReadOnlySql.ts"
import { RpcAuthorized } from "./WalstreamRpc.ts"

/** The calls that only read: those that are a GET over HTTP. */
const reading: ReadonlySet<string> = new Set(
  Object.values(WalstreamApi.groups).flatMap((group) =>
    Object.values(group.endpoints)
      .filter(({ method }) => method === "GET")
      .map(({ identifier }) => `${group.identifier}.${identifier}`)
  )
)

/** The id that a call is about. */
const targetOf = (payload: unknown): string | null => {
  if (!Predicate.hasProperty(payload, "params") || !Predicate.hasProperty(payload.params, "id")) return null
  return typeof payload.params.id === "string" ? payload.params.id : null
}

/** A fault of ours is told in the log; whoever asked is told which line of it that is. */
const withoutInside = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchCause(call, (cause) =>
    Cause.hasDies(cause)
      ? Effect.gen(function* () {
          yield* logFault("a call failed", cause)
          const { requestId } = yield* caller
          return yield* Effect.die(`something went wrong inside; request id ${requestId}`)
        })
      : Effect.failCause(cause)
  )

/** Whatever a call gives back, it was done. */
const done = () => ({ status: 200, problem: null, isRepeated: false })

/** The same login, the same table of roles, the same quotas and the same sessions that cannot write as over HTTP. */
export const layerRpcAuthorized = (
  limits: RateLimits
): Layer.Layer<RpcAuthorized, never, Identity | Limiter | ReadOnlySql | AuditTrail> =>
  Layer.effect(
    RpcAuthorized,
    Effect.gen(function* () {
      const identity = yield* Identity
      const limiter = yield* Limiter
      const readOnly = yield* ReadOnlySql
      const trail = yield* AuditTrail
      return RpcAuthorized.of((call, { rpc, headers, payload }) => {
        const name = rpc._tag
        const isRead = reading.has(name)
        const act = { action: name, door: "rpc", changes: isChange(name, isRead ? "GET" : "POST") } as const
        return Effect.gen(function* () {
          const principal = yield* identity.ofHeaders(headers)
          yield* noteActor(actorOf(principal))
          yield* mayCall(principal, name)
          const who = yield* caller
          const asks = asksOfPrincipal(limits, isRead ? "read" : "write", who.address, quotaOwner(principal))
          const left = asks.length === 0 ? [] : yield* limiter.take(asks)
          who.quotas = left
          const short = left.find(({ retry }) => retry > 0)
          if (short !== undefined) {
            const { name: quota } = short.quota
            return yield* new QuotaUsedUp({
              detail: `the quota "${quota}" is used up`,
              quota,
              retry_after: short.retry
            })
          }
          const answer = Effect.provideService(withoutInside(call), Principal, principal)
          if (isReading(name, isRead ? "GET" : "POST")) return yield* readOnly.run(answer)
          if (!act.changes) return yield* answer
          return yield* Effect.catchIf(
            trail.together(act, answer, done),
            (error) => error instanceof NotRecorded,
            () => Effect.fail(new Unavailable({ detail: "the control database does not answer" }))
          )
        }).pipe(
          Effect.tapCause((cause) => trail.failed(act, cause, shownIn(headers) !== null)),
          Effect.provideService(auditNote, emptyNote(targetOf(payload)))
        )
      })
    })
  )
