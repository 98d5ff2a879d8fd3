import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { makeMemoryJobStore } from "./MemoryJobStore.ts"
import { takeoverContract } from "./TakeoverContract.ts"
import { spec } from "./Workbench.ts"

describe("MemoryJobStore", () => {
  for (const [name, test] of takeoverContract(spec(), () => TestClock.adjust("61 seconds"))) {
    it.effect(name, () => Effect.flatMap(makeMemoryJobStore, ({ layer }) => Effect.provide(test, layer)))
  }
})
