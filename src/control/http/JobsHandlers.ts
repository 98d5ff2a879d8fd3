import { Effect } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import type { JobAction } from "../../domain/JobStatus.ts"
import { Principal } from "../api/Principal.ts"
import type { InvalidRequest, Unavailable } from "../api/Problems.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { JobOperations } from "../JobOperations.ts"
import { makeSharedReads } from "../SharedReads.ts"
import { versionsOf } from "./EntityTags.ts"

export const layerJobsHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "jobs",
  Effect.fnUntraced(function* (handlers) {
    const jobs = yield* JobOperations
    const lists = yield* makeSharedReads<
      HttpServerResponse.HttpServerResponse,
      InvalidRequest | Unavailable
    >()

    const act =
      (action: JobAction) =>
      ({ params }: { readonly params: { readonly id: string } }) =>
        Effect.map(jobs.act(params.id, action), ({ job, isRepeated }) =>
          // The contract's encoding of a job is the job itself.
          isRepeated ? HttpServerResponse.jsonUnsafe(job) : job
        )

    return handlers.handleAll({
      create: ({ payload }) => jobs.create(payload),
      estimate: ({ payload }) => jobs.estimate(payload),
      list: ({ query }) =>
        // As the contract encodes it, once for all who ask at the same time.
        lists.read(
          JSON.stringify(query),
          Effect.map(jobs.list(query), (page) => HttpServerResponse.jsonUnsafe(page))
        ),
      get: ({ params }) => jobs.get(params.id),
      update: ({ params, payload, request }) =>
        jobs.update(params.id, payload, versionsOf(request.headers["if-match"])),
      remove: ({ params, request }) => jobs.remove(params.id, versionsOf(request.headers["if-match"])),
      start: act("start"),
      pause: act("pause"),
      resume: act("resume"),
      cancel: act("cancel"),
      failures: ({ params, query }) => jobs.failures(params.id, query),
      history: ({ params, query }) => jobs.history(params.id, query),
      skip: ({ params, payload }) =>
        Effect.flatMap(Principal, ({ username }) => jobs.skip(params.id, payload, username))
    })
  })
)
