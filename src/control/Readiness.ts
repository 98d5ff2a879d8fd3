import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer } from "effect"
import type { StoreKind } from "../domain/Job.ts"
import { Archive } from "../log/Archive.ts"
import { LiveBuffer } from "../log/LiveBuffer.ts"
import type { NotReady, Ready } from "./api/HealthApi.ts"
import type { SourceJson } from "./api/SystemApi.ts"
import { Draining } from "./Draining.ts"
import { SourceView } from "./SourceView.ts"
import { troubleOf } from "./Trouble.ts"

type Kind = "postgres" | StoreKind

const flat = (kind: Kind, reason: string | null) => {
  if (reason !== null) return "down" as const
  return kind === "memory" || kind === "sqlite" ? ("embedded" as const) : ("up" as const)
}

const component = (kind: string, reason: string | null, required: boolean) => ({
  status: reason === null ? ("up" as const) : ("down" as const),
  kind,
  required,
  reason
})

/** What capture does instead. Names and addresses are for who is logged in. */
const captureTrouble = ({ phase, code }: SourceJson): string | null => {
  const why = code === null ? "" : `: ${code}`
  switch (phase) {
    case "capturing":
      return null
    case "starting":
    case "attaching":
      return `capture is ${phase}`
    case "blocked":
      return `capture waits${why}; nothing is lost, the source keeps it (system/source says more)`
    case "retrying":
      return `capture tries again${why} (system/source says more)`
    case "stopped":
      return `capture has stopped${why} (system/source says more)`
    case "ended":
      return "capture has ended"
    case "silent":
      return "no ingestor tells of itself (system/source says more)"
  }
}

/** Whether what this process needs works. */
export class Readiness extends Context.Service<
  Readiness,
  { readonly read: Effect.Effect<typeof Ready.Type, typeof NotReady.Type> }
>()("walstream/control/Readiness") {
  static readonly layer: Layer.Layer<
    Readiness,
    never,
    PgClient.PgClient | Archive | LiveBuffer | SourceView | Draining
  > = Layer.effect(
    Readiness,
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const archive = yield* Archive
      const buffer = yield* LiveBuffer
      const source = yield* SourceView
      const draining = yield* Draining
      return Readiness.of({
        read: Effect.gen(function* () {
          const [postgres, kafka, redis, captured] = yield* Effect.all(
            [troubleOf(sql`SELECT 1 AS one`), troubleOf(archive.reach), troubleOf(buffer.stats), source.read],
            { concurrency: 4 }
          )
          const capture = captureTrouble(captured)
          const body = {
            draining: draining.isDraining,
            postgres: flat("postgres", postgres),
            redis: flat(buffer.kind, redis),
            kafka: flat(archive.kind, kafka),
            components: {
              postgres: component("postgres", postgres, true),
              // Replay goes on from the archive, and the buffer can be rebuilt.
              redis: component(buffer.kind, redis, false),
              kafka: component(archive.kind, kafka, true),
              capture: { ...component(captured.plugin, capture, source.here), state: captured.phase }
            }
          }
          const parts = Object.values(body.components)
          if (body.draining || parts.some(({ status, required }) => required && status === "down")) {
            return yield* Effect.fail({ status: "unavailable" as const, ...body })
          }
          const isWhole = parts.every(({ status }) => status === "up")
          return { status: isWhole ? ("ok" as const) : ("degraded" as const), ...body }
        })
      })
    })
  )
}
