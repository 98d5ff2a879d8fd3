import { Effect, Layer, Option } from "effect"
import { ThisProcess } from "../../control/ThisProcess.ts"
import type { Archive } from "../../log/Archive.ts"
import type { Targets } from "../../replay/Target.ts"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { Tracing } from "../../runtime/trace/Tracing.ts"
import type { SettingsValue } from "../Settings.ts"

/*
 * Where nothing is traced none of this is there: neither its code nor a wrapper around what works.
 */

/** Traces go to the collector that the settings name. */
export const tracing = (settings: SettingsValue): Layer.Layer<never, never, ActorSystem | ThisProcess> =>
  Option.match(settings.otlpEndpoint, {
    onNone: () => Layer.empty,
    onSome: (endpoint) =>
      Layer.unwrap(
        Effect.gen(function* () {
          const { role, version, id } = yield* ThisProcess
          const { spanExporter } = yield* Effect.promise(() => import("../../runtime/trace/SpanExporter.ts"))
          return spanExporter({
            endpoint,
            headers: settings.otlpHeaders,
            ratio: settings.tracesRatio,
            resource: {
              "service.namespace": "walstream",
              "service.name": `walstream-${role}`,
              "service.version": version,
              "service.instance.id": id
            }
          })
        })
      )
  })

/** The archive, with its writer's spans where transactions are traced. */
export const archiveTraced = <E, R>(
  held: Layer.Layer<Archive, E, R>,
  source: string
): Layer.Layer<Archive, E, R> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const tracer = yield* Tracing
      if (tracer === null) return held
      const { tracedArchive } = yield* Effect.promise(() => import("./TracedArchive.ts"))
      // What is watched of the archive is seen through it.
      return Layer.provideMerge(tracedArchive(tracer, source), held)
    })
  )

/** Targets, with a span for what each batch brings where transactions are traced. */
export const targetsTraced = <E, R>(
  applied: Layer.Layer<Targets, E, R>,
  place: "worker" | "replayer"
): Layer.Layer<Targets, E, R> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const tracer = yield* Tracing
      if (tracer === null) return applied
      const { tracedTargets } = yield* Effect.promise(() => import("./TracedTargets.ts"))
      return Layer.provide(tracedTargets(tracer, place), applied)
    })
  )
