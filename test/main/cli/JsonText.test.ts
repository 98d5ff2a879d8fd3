import { assert, it } from "@effect/vitest"
import { jsonText } from "../../../src/main/cli/JsonText.ts"

it("no character of a value moves a terminal's cursor, and none is lost", () => {
  const value = { name: "a\u001b[2Jb\u009b31m\u007f\r\n\u0000ü" }
  const text = jsonText(value)
  assert.notMatch(text, /\p{Cc}/u)
  assert.deepStrictEqual(JSON.parse(text), value)
})
