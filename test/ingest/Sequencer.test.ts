import { assert, it } from "@effect/vitest"
import { Sequencer } from "../../src/ingest/Sequencer.ts"
import { chunk } from "./SmallChunks.ts"

it("the sequencer skips what the mark has, and numbers the rest densely whatever the chunks", () => {
  const sequencer = new Sequencer({ seq: 4, endLsn: 20n, incarnation: 1 })
  const chunks = [chunk(10), chunk(20), chunk(30, 0, false), chunk(30, 1), chunk(40)]
  assert.deepStrictEqual(
    chunks.map((next) => sequencer.number(next)?.seq),
    [undefined, undefined, 5, 5, 6]
  )
})
