import { PgClient } from "@effect/sql-pg"
import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { StoreKind } from "../../domain/Job.ts"
import { Archive } from "../../log/Archive.ts"
import { LiveBuffer } from "../../log/LiveBuffer.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"

/** Each check has its own second. */
const answers = <A, E>(check: Effect.Effect<A, E>): Effect.Effect<boolean> =>
  check.pipe(Effect.timeout("1 second"), Effect.isSuccess)

const flat = (kind: "postgres" | StoreKind, up: boolean) => {
  if (!up) return "down" as const
  return kind === "memory" || kind === "sqlite" ? ("embedded" as const) : ("up" as const)
}

const component = (kind: "postgres" | StoreKind, up: boolean, required: boolean) => ({
  status: up ? ("up" as const) : ("down" as const),
  kind,
  required
})

export const layerHealthHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "health",
  Effect.fnUntraced(function* (handlers) {
    const sql = yield* PgClient.PgClient
    const archive = yield* Archive
    const buffer = yield* LiveBuffer

    return handlers.handleAll({
      live: () => Effect.succeed({ status: "ok" as const }),
      ready: Effect.fnUntraced(function* () {
        const [postgres, kafka, redis] = yield* Effect.all(
          [answers(sql`SELECT 1 AS one`), answers(archive.coverage), answers(buffer.stats)],
          { concurrency: 3 }
        )
        const body = {
          postgres: flat("postgres", postgres),
          redis: flat(buffer.kind, redis),
          kafka: flat(archive.kind, kafka),
          components: {
            postgres: component("postgres", postgres, true),
            // Replay goes on from the archive, and the buffer can be rebuilt.
            redis: component(buffer.kind, redis, false),
            kafka: component(archive.kind, kafka, true)
          }
        }
        if (!postgres || !kafka) return yield* Effect.fail({ status: "unavailable" as const, ...body })
        return { status: redis ? ("ok" as const) : ("degraded" as const), ...body }
      })
    })
  })
)
