import { assert, it } from "@effect/vitest"
import { Redacted } from "effect"
import { makeSecretSeal } from "../../../src/control/auth/SecretSeal.ts"

const [old, next] = [
  Redacted.make("the secret that it was before, 32"),
  Redacted.make("the secret that it is now, 32 too")
]
const bytes = new TextEncoder().encode("12345678901234567890")

it("what is sealed opens for its owner, whole, and is never the same twice", () => {
  const { seal, open } = makeSecretSeal(next, [])
  const sealed = seal(bytes, "ada")
  assert.deepStrictEqual([...(open(sealed, "ada") ?? [])], [...bytes])
  assert.notStrictEqual(seal(bytes, "ada"), sealed)
  assert.notInclude(Buffer.from(sealed.split(".")[1] ?? "", "base64url").toString("latin1"), "1234567890")
  assert.isNull(open(sealed, "bob"))
  for (let i = 0; i < sealed.length - 1; i++) {
    const changed = `${sealed.slice(0, i)}${sealed[i] === "A" ? "B" : "A"}${sealed.slice(i + 1)}`
    assert.isNull(open(changed, "ada"), String(i))
  }
  for (const none of ["", ".", sealed.split(".")[0] ?? "", sealed.slice(0, 30)])
    assert.isNull(open(none, "ada"))
})

it("a former secret opens what it has sealed where it is named, and seals nothing more", () => {
  const sealed = makeSecretSeal(old, []).seal(bytes, "ada")
  assert.isNull(makeSecretSeal(next, []).open(sealed, "ada"))
  const both = makeSecretSeal(next, [old])
  assert.deepStrictEqual([...(both.open(sealed, "ada") ?? [])], [...bytes])
  assert.isNull(makeSecretSeal(old, []).open(both.seal(bytes, "ada"), "ada"))
})
