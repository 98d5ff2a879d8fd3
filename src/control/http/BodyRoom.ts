import { Effect } from "effect"
import type { HttpServerRequest, HttpServerResponse } from "effect/http"
import { problemOf, problemResponse } from "./ProblemBody.ts"

/** Bodies up to this, as nearly all are, are taken whatever else is under way. */
const small = 16 * 1024
/** The largest that is taken at all. */
const largest = 1024 * 1024
/** Bytes of larger ones that are waited for at a time, whoever sends them. */
const most = 32 * largest

const noRoom: HttpServerResponse.HttpServerResponse = problemResponse({
  ...problemOf(503),
  detail: "too many large requests at once",
  retry_after: 1
})

/** What a body may come to: it says so, or comes in chunks and may be anything. */
const sizeOf = ({ headers }: HttpServerRequest.HttpServerRequest): number => {
  const length = headers["transfer-encoding"] === undefined ? Number(headers["content-length"] ?? 0) : largest
  return length <= small ? 0 : Math.min(length, largest)
}

/**
 * Room for bodies that are on their way: they are kept before anybody knows whose they are, and whoever sends them slowly has half a
 * minute. Small ones always have room; without it for a large one the answer is 503.
 */
export const makeBodyRoom = () => {
  let taken = 0
  return <A, E, R>(
    request: HttpServerRequest.HttpServerRequest,
    read: Effect.Effect<A, E, R>,
    then: (body: A) => Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R> =>
    Effect.suspend(() => {
      const size = sizeOf(request)
      if (taken + size > most) return Effect.succeed(noRoom)
      taken += size
      const held = Effect.ensuring(
        read,
        Effect.sync(() => {
          taken -= size
        })
      )
      return Effect.flatMap(held, then)
    })
}
export type BodyRoom = ReturnType<typeof makeBodyRoom>
