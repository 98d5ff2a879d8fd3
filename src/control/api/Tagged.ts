import { HttpApiMiddleware } from "effect/http-api"

/** Gives the answer an `ETag`, and says 304 to who has it (`If-None-Match`). Its body has a `version`. */
export class Tagged extends HttpApiMiddleware.Service<Tagged>()("walstream/control/api/Tagged") {}
