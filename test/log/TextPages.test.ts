import { assert, describe, it } from "@effect/vitest"
import { type KeptText, TextPages } from "../../src/log/memory/TextPages.ts"
import { Dice } from "./Dice.ts"

const read = ({ buffer, start, end }: KeptText): string => buffer.toString("latin1", start, end)

describe("TextPages", () => {
  it("keeps every text until it is released, and then uses its page again", () => {
    const dice = new Dice(3)
    const pages = new TextPages()
    const held: Array<{ readonly said: string; readonly kept: KeptText }> = []
    const buffers = new Set<Buffer>()
    for (let i = 0; i < 2000; i++) {
      const said = String.fromCharCode(97 + (i % 26)).repeat(dice.below(dice.oneIn(50) ? 700_000 : 20_000))
      held.push({ said, kept: pages.keep(Buffer.from(said)) })
      if (said.length < 500_000) buffers.add(held.at(-1)?.kept.buffer ?? Buffer.alloc(0))
      while (held.length > 100) {
        const oldest = held.shift()
        assert.strictEqual(oldest && read(oldest.kept), oldest?.said)
        oldest?.kept.release()
      }
    }
    for (const { said, kept } of held) assert.strictEqual(read(kept), said)
    // Thirty times as much went through as is held at once.
    assert.isBelow(buffers.size, 12)
  })
})
