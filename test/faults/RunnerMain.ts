import { writeSync } from "node:fs"
import { Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { controlDatabase } from "../../src/control/ControlDatabase.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { LiveBufferMemory } from "../../src/log/LiveBufferMemory.ts"
import { ReplayWorker } from "../../src/replay/ReplayWorker.ts"
import { configuredTargets } from "../../src/replay/target/ConfiguredTargets.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { archiveAt } from "../log/SqliteFixture.ts"

/*
 * A child process for tests of takeovers: a worker and nothing else, over an archive file of its own and shared
 * databases. Writes the epoch of what it runs as a line `runs 1`, and `runs nothing`, whenever that changes.
 */

const decode = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      workerId: Schema.String,
      leaseSeconds: Schema.Int,
      archive: Schema.String,
      controlUrl: Schema.String,
      targetUrl: Schema.String
    })
  )
)
const options = decode(process.argv[2])

const worker = ReplayWorker.layer({
  workerId: options.workerId,
  count: 1,
  leaseSeconds: options.leaseSeconds,
  source: "shop",
  maxEventRetries: 3,
  bufferMaxAgeSeconds: 0
}).pipe(
  Layer.provide(
    Layer.mergeAll(
      configuredTargets({ targets: { default: Redacted.make(options.targetUrl) }, source: null }),
      archiveAt({ file: options.archive }),
      LiveBufferMemory.layer({ maxChanges: 1000, maxBytes: 1e6 }),
      layerJobStorePg
    )
  ),
  Layer.provide(
    controlDatabase({ url: Redacted.make(options.controlUrl), applicationName: options.workerId })
  ),
  Layer.provide(ActorSystem.layer)
)

let told = ""
const tell = Effect.map(
  ReplayWorker.use(({ runs }) => runs),
  ([run]) => {
    const line = `runs ${run?.epoch ?? "nothing"}\n`
    if (line !== told) writeSync(1, line)
    told = line
  }
)
await Effect.runPromise(Effect.provide(Effect.repeat(tell, Schedule.spaced("10 millis")), worker))
