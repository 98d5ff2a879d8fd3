import { writeSync } from "node:fs"
import { Effect, Layer, Redacted } from "effect"
import { ReplayerServer } from "../../src/replayer/ReplayerServer.ts"
import { replayerLayer } from "./TestReplayer.ts"

/* A replayer in a process of its own, for tests that mistreat it. Arguments: the target's URL, the port. */

const [url = "", port = "0"] = process.argv.slice(2)

const main = Layer.effectDiscard(
  Effect.flatMap(ReplayerServer, (server) => Effect.sync(() => writeSync(1, `${server.port}\n`)))
).pipe(
  Layer.provide(
    replayerLayer({ targets: { there: Redacted.make(url) }, source: null }, { port: Number(port) })
  )
)

const stop = new AbortController()
process.once("SIGTERM", () => stop.abort())
await Effect.runPromiseExit(Layer.launch(main), { signal: stop.signal })
