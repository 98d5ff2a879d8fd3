import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { LiveBufferMemory } from "../../../src/log/LiveBufferMemory.ts"
import { chunk, orders } from "../TestApi.ts"

export const memoryBuffer = LiveBufferMemory.layer({ maxChanges: 20_000, maxBytes: 64 * 1024 * 1024 })

/** What is captured in a test: transactions of one insert each. */
export const makeCapture = (from: number) => {
  const state = { seq: from }
  const fresh = (count: number, note: string): ReadonlyArray<ArchivedChunk> =>
    Array.from({ length: count }, () => {
      state.seq += 1
      return chunk(state.seq, [{ op: "insert", relation: orders, after: [String(state.seq), note] }])
    })
  return {
    /** The newest seq. */
    state,
    capture: (count: number, note = "note") => LiveBuffer.use((live) => live.append(fresh(count, note)))
  }
}
