import { afterEach, assert, beforeEach, describe, it, vi } from "@effect/vitest"
import { StopDeadline } from "../../src/main/StopDeadline.ts"

describe("the time to stop", () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** After how many seconds it ends the process. */
  const endsAfter = (prepare: (deadline: StopDeadline) => void): number => {
    const begun = Date.now()
    let ended = Number.NaN
    const deadline = new StopDeadline(() => {
      ended = (Date.now() - begun) / 1000
    })
    prepare(deadline)
    deadline.arm()
    vi.runAllTimers()
    return ended
  }

  it("is 20 s, and begins when what still serves has drained", () => {
    assert.strictEqual(
      endsAfter(() => undefined),
      20
    )
    assert.strictEqual(
      endsAfter((deadline) => deadline.drains(300)),
      320
    )
  })
})
