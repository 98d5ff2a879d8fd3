import { assert, it } from "@effect/vitest"
import { Gate, type GateReason } from "../../src/ingest/Gate.ts"

it("the gate pauses with the first reason and resumes with the last", () => {
  const calls: Array<string> = []
  const gate = new Gate({ pause: () => calls.push("pause"), resume: () => calls.push("resume") })
  const steps: ReadonlyArray<readonly ["close" | "open", GateReason]> = [
    ["close", "pace"],
    ["close", "backpressure"],
    ["close", "backpressure"],
    ["open", "pace"],
    ["open", "pace"],
    ["open", "backpressure"],
    ["open", "backpressure"]
  ]
  for (const [step, reason] of steps) gate[step](reason)
  assert.deepStrictEqual(calls, ["pause", "resume"])
})
