import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { CapturePhase } from "./CapturePhase.ts"

/** `embedded`: there is no such server, its part is played inside this process, and it works. */
const Flat = Schema.Literals(["up", "embedded", "down"])

const Component = Schema.Struct({
  status: Schema.Literals(["up", "down"]),
  /** What it really is: `postgres`, `redis`, `kafka`, `memory`, `sqlite`; `pgoutput` or `wal2json` for capture. */
  kind: Schema.String,
  required: Schema.Boolean,
  /** Why it is down; null when it is up. */
  reason: Schema.NullOr(Schema.String)
})

/** Down while it does not capture, whatever the reason. */
const Capture = Schema.Struct({ ...Component.fields, state: CapturePhase })

const readiness = {
  /** It is about to stop: send nothing new here. */
  draining: Schema.Boolean,
  postgres: Flat,
  redis: Flat,
  kafka: Flat,
  components: Schema.Struct({
    postgres: Component,
    redis: Component,
    kafka: Component,
    capture: Capture
  })
}

/** All that is required works; `degraded` when something that is not required does not. */
export const Ready = Schema.Struct({ status: Schema.Literals(["ok", "degraded"]), ...readiness })
export const NotReady = Schema.Struct({ status: Schema.Literal("unavailable"), ...readiness })

/** For load balancers and orchestrators: public. */
export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/live", {
      success: Schema.Struct({ status: Schema.Literal("ok") })
    }).annotate(OpenApi.Description, "The process answers. Asks nobody else."),
    HttpApiEndpoint.get("ready", "/ready", {
      success: Ready,
      error: NotReady.pipe(HttpApiSchema.status(503))
    }).annotate(OpenApi.Description, "Whether what this process needs works.")
  )
  .prefix("/health")
  .annotateMerge(OpenApi.annotations({ title: "Health" })) {}
