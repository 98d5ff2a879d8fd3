// Brings every alert's fault about on four processes and real servers, and tells how long it took to fire and to resolve.
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect } from "effect"
import { faults, firesAndResolves, makeWatched } from "../test/platform/AlertFaults.ts"

Effect.gen(function* () {
  const watched = yield* makeWatched
  for (const fault of faults) console.log(yield* firesAndResolves(watched, fault))
}).pipe(Effect.scoped, NodeRuntime.runMain)
