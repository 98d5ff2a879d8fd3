import { HttpApiMiddleware } from "effect/http-api"

/** On every route, around all others: what is done and what is refused goes on record. */
export class Audited extends HttpApiMiddleware.Service<Audited>()("walstream/control/api/Audited") {}
