import { HttpApiMiddleware } from "effect/http-api"
import type { Principal } from "./Principal.ts"
import { IdempotencyMismatch, IdempotencyPending, InvalidRequest, Unavailable } from "./Problems.ts"

/**
 * Takes an `Idempotency-Key`: the same request again within a day is given the same answer, and creates nothing.
 * Not for what shows a secret once: the answer is kept.
 */
export class Idempotent extends HttpApiMiddleware.Service<Idempotent, { requires: Principal }>()(
  "walstream/control/api/Idempotent",
  { error: [InvalidRequest, IdempotencyMismatch, IdempotencyPending, Unavailable] }
) {}
