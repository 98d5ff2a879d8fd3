import { assert, describe, it } from "@effect/vitest"
import { CopyFrames } from "../../src/ingest/CopyFrames.ts"
import { Dice } from "../log/Dice.ts"

const message = (kind: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(kind, "latin1")
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

describe("CopyFrames", () => {
  it("gives every message once and in order, however the socket cuts them", () => {
    const dice = new Dice(7)
    for (let round = 0; round < 300; round++) {
      const sent = Array.from({ length: 1 + dice.below(30) }, () => {
        const size = dice.oneIn(10) ? dice.below(5000) : dice.below(40)
        return { kind: dice.pick(["d", "d", "d", "N", "c"]), body: Buffer.alloc(size, dice.below(256)) }
      })
      const got: Array<{ readonly kind: string; readonly body: Buffer }> = []
      const frames = new CopyFrames(
        (bytes, start, end) => got.push({ kind: "d", body: Buffer.from(bytes.subarray(start, end)) }),
        (bytes) => got.push({ kind: bytes.toString("latin1", 0, 1), body: Buffer.from(bytes.subarray(5)) })
      )
      const stream = Buffer.concat(sent.map(({ kind, body }) => message(kind, body)))
      const most = dice.pick([1, 7, 60, 6000])
      for (let at = 0; at < stream.length; ) {
        const next = Math.min(stream.length, at + 1 + dice.below(most))
        // What a socket read is never written to, but it may go.
        frames.push(Buffer.from(stream.subarray(at, next)))
        at = next
      }
      assert.deepStrictEqual(got, sent)
    }
  })
})
