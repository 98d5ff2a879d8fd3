import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Schema } from "effect"
import { errorText } from "../../src/runtime/ErrorText.ts"

class Silent extends Data.TaggedError("Silent")<{ readonly row: string }> {}

const failedBy = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? errorText(exit.cause) : "no failure"

describe("errorText", () => {
  it("is the error's message on one bounded line", () => {
    assert.strictEqual(errorText(Cause.fail(new Error("no\n  route"))), "no route")
    assert.strictEqual(errorText(Cause.fail(new Error("x".repeat(1000)))).length, 300)
  })

  it("says when it was a defect, and where it was thrown", () => {
    const decode = () => errorText(Cause.die(new TypeError("not a function")))
    assert.match(decode(), /^defect: not a function, at decode ErrorText\.test\.ts:\d+:\d+$/)
    const bare = new Error("no stack")
    bare.stack = "Error: no stack"
    assert.strictEqual(errorText(Cause.die(bare)), "defect: no stack")
  })

  it("prefers the failure to a defect beside it", () => {
    const cause = Cause.combine(Cause.die(new Error("cleanup")), Cause.fail(new Error("first")))
    assert.strictEqual(errorText(cause), "first")
  })

  it("never shows fields or bare values", () => {
    assert.strictEqual(errorText(Cause.fail(new Silent({ row: "secret" }))), "Silent")
    assert.strictEqual(errorText(Cause.fail("secret")), "something of type string without a message")
    assert.strictEqual(
      errorText(Cause.die({ row: "secret" })),
      "defect: something of type object without a message"
    )
    assert.strictEqual(errorText(Cause.interrupt()), "interrupted")
  })

  it("does not quote what could not be read", () => {
    const parse = Effect.runSyncExit(Effect.sync(() => JSON.parse("secret")))
    const decode = Effect.runSyncExit(
      Schema.decodeUnknownEffect(Schema.Struct({ a: Schema.Int }))({ a: "secret" })
    )
    assert.match(failedBy(parse), /^defect: a text that cannot be read, at /u)
    assert.strictEqual(failedBy(decode), "a value that is not as its schema says")
  })
})
