import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { base32 } from "../../../src/control/auth/Base32.ts"
import { codeOf, otpauthUri, stepAt, stepOfCode } from "../../../src/control/auth/Totp.ts"

const ascii = (text: string) => new TextEncoder().encode(text)

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const Bytes = Schema.Array(between(0, 255)).check(Schema.isMinLength(20), Schema.isMaxLength(20))
const Millis = between(3_600_000, 4_000_000_000_000)
const Away = between(-5, 5)

describe("codes of time", () => {
  it("are those of RFC 6238, appendix B, and RFC 4226, appendix D", () => {
    const secret = ascii("12345678901234567890")
    for (const [seconds, code] of [
      [59, "94287082"],
      [1_111_111_109, "07081804"],
      [1_111_111_111, "14050471"],
      [1_234_567_890, "89005924"],
      [2_000_000_000, "69279037"],
      [20_000_000_000, "65353130"]
    ] as const) {
      // Theirs have eight digits: the last six are those of a code of six.
      assert.strictEqual(codeOf(secret, stepAt(seconds * 1000)), code.slice(2), String(seconds))
    }
    const counted = [
      "755224",
      "287082",
      "359152",
      "969429",
      "338314",
      "254676",
      "287922",
      "162583",
      "399871",
      "520489"
    ]
    assert.deepStrictEqual(
      counted.map((_, step) => codeOf(secret, step)),
      counted
    )
  })

  it.prop(
    "are taken in their own step, the one before and the one after, and in no other",
    [Bytes, Millis, Away],
    ([bytes, millis, away]) => {
      const secret = Uint8Array.from(bytes)
      const step = stepAt(millis) + away
      const code = codeOf(secret, step)
      const taken = stepOfCode(secret, code, millis, 0)
      if (Math.abs(away) <= 1) assert.isNotNull(taken)
      // By chance another step may have the same code, which then is taken as that one's.
      if (taken !== null) {
        assert.strictEqual(codeOf(secret, taken), code)
        assert.isAtMost(Math.abs(taken - stepAt(millis)), 1)
      }
    }
  )

  it.prop(
    "are taken once: neither again nor after a newer one",
    [Bytes, Millis, Away],
    ([bytes, millis, away]) => {
      const secret = Uint8Array.from(bytes)
      const step = stepAt(millis) + away
      const taken = stepOfCode(secret, codeOf(secret, step), millis, step)
      assert.isTrue(taken === null || taken > step)
    }
  )

  it("are six digits and nothing else", () => {
    const secret = ascii("12345678901234567890")
    for (const code of ["", "28708", "2870820", "287082 ", "２８７０８２", "NaN"]) {
      assert.isNull(stepOfCode(secret, code, 59_000, 0), code)
    }
    assert.strictEqual(stepOfCode(secret, "287082", 59_000, 0), 1)
  })
})

it("a secret is written as RFC 4648 has it, and an app is told all of it", () => {
  for (const [text, coded] of [
    ["", ""],
    ["f", "MY"],
    ["fo", "MZXQ"],
    ["foo", "MZXW6"],
    ["foob", "MZXW6YQ"],
    ["fooba", "MZXW6YTB"],
    ["foobar", "MZXW6YTBOI"]
  ] as const) {
    assert.strictEqual(base32(ascii(text)), coded)
  }
  assert.strictEqual(
    otpauthUri(ascii("12345678901234567890"), "ada@x+y"),
    "otpauth://totp/WalStream:ada%40x%2By?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=WalStream&algorithm=SHA1&digits=6&period=30"
  )
})
