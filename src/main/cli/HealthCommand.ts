import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { notReady } from "../health.ts"
import { failed } from "./CliFailure.ts"
import { answer } from "./Root.ts"

export const healthCommand = Command.make(
  "health",
  {
    port: Flag.Int("port").pipe(
      Flag.withDescription("where the role on this machine answers probes (METRICS_PORT)")
    )
  },
  ({ port }) =>
    Effect.gen(function* () {
      const problem = yield* Effect.promise(() => notReady(port))
      if (problem !== null) return yield* failed(problem)
      yield* answer({ ready: true }, "ready")
    })
).pipe(
  Command.withDescription("Exit with 0 when the role that answers probes at this port is ready, else with 1")
)
