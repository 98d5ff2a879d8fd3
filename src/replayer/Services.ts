import { HealthService as HealthDefinition } from "./generated/grpc/health/v1/health.ts"
import { ServerReflectionService } from "./generated/grpc/reflection/v1/reflection.ts"
import { ReplayerService, ReplayRequest } from "./generated/walstream/v1/replayer.ts"
import type { Arrived } from "./Incoming.ts"

/** What is served. Requests of a stream come with their size, which counts against its credit. */
export const replayerDefinition = {
  ...ReplayerService,
  replay: {
    ...ReplayerService.replay,
    requestDeserialize: (bytes: Buffer): Arrived => ({
      request: ReplayRequest.decode(bytes),
      bytes: bytes.length
    })
  }
}

export const healthDefinition = HealthDefinition
export const reflectionDefinition = ServerReflectionService

/** As probes name them. */
export const serviceNames: ReadonlyArray<string> = ["walstream.v1.Replayer"]
