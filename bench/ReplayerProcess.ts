import { writeSync } from "node:fs"
import { Effect, Layer, Redacted } from "effect"
import { configuredTargets } from "../src/replay/target/ConfiguredTargets.ts"
import { ReplayEvents } from "../src/replayer/ReplayEvents.ts"
import { ReplayerServer } from "../src/replayer/ReplayerServer.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"

/*
 * A replayer in a process of its own. Argument: the URL of the target `bench`. Writes its port, and at each SIGUSR2
 * the microseconds of CPU that it took since the last.
 */

const [url = ""] = process.argv.slice(2)
const targets = { targets: { bench: Redacted.make(url) }, source: null }

const server = ReplayerServer.layer({ host: "127.0.0.1", port: 0, tls: null, token: null, version: "bench" })

const main = Layer.effectDiscard(
  Effect.gen(function* () {
    const { port } = yield* ReplayerServer
    let before = process.cpuUsage()
    process.on("SIGUSR2", () => {
      const { user, system } = process.cpuUsage(before)
      before = process.cpuUsage()
      writeSync(1, `${user + system}\n`)
    })
    writeSync(1, `${port}\n`)
  })
).pipe(
  Layer.provide(server),
  Layer.provide([ActorSystem.layer, configuredTargets(targets), ReplayEvents.layer(targets)])
)

const stop = new AbortController()
process.once("SIGTERM", () => stop.abort())
await Effect.runPromiseExit(Layer.launch(main), { signal: stop.signal })
