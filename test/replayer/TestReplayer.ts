import { Context, Effect, Layer } from "effect"
import type { Targets } from "../../src/replay/Target.ts"
import {
  type ConfiguredTargetsOptions,
  configuredTargets
} from "../../src/replay/target/ConfiguredTargets.ts"
import { type GrpcTargetsOptions, grpcTargets } from "../../src/replayer/GrpcTargets.ts"
import { ReplayEvents } from "../../src/replayer/ReplayEvents.ts"
import { ReplayerServer, type ReplayerServerOptions } from "../../src/replayer/ReplayerServer.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

/** A replayer in this process, on a free port unless one is given. */
export const replayerLayer = (
  targets: ConfiguredTargetsOptions,
  options: Partial<ReplayerServerOptions> = {}
) =>
  ReplayerServer.layer({
    host: "127.0.0.1",
    port: 0,
    tls: null,
    token: null,
    version: "test",
    ...options
  }).pipe(
    Layer.provide([ActorSystem.layer, configuredTargets(targets), ReplayEvents.layer(targets)]),
    Layer.orDie
  )

export const clientOf = (port: number, options: Partial<GrpcTargetsOptions> = {}): Layer.Layer<Targets> =>
  grpcTargets({ host: "127.0.0.1", port, tls: null, token: null, names: ["there"], ...options })

/** Both ends: targets that are reached through a replayer. */
export const throughReplayer = (
  targets: ConfiguredTargetsOptions,
  server: Partial<ReplayerServerOptions> = {},
  client: Partial<GrpcTargetsOptions> = {}
): Layer.Layer<Targets> =>
  Layer.unwrap(
    Effect.map(Layer.build(replayerLayer(targets, server)), (built) =>
      clientOf(Context.get(built, ReplayerServer).port, client)
    )
  )
