import { describe, expect, it } from "vitest"
import { readFrame, writeFrame } from "../../../ui/src/live/Frames.ts"

describe("a frame", () => {
  it("is read by the schema of the server's own", () => {
    const frame = { type: "events", id: "a", seq: 1, batch: [], dropped: 0, cursor: null }
    expect(readFrame(JSON.stringify(frame))).toEqual(frame)
    expect(readFrame(JSON.stringify({ ...frame, of_later: 1 }))).toEqual(frame)
  })

  it("that we do not know is passed over", () => {
    for (const text of ["", "{", "null", '{"type":"of later","id":"a"}', '{"type":"events","id":"a"}']) {
      expect(readFrame(text)).toBeNull()
    }
  })

  it("of ours is one JSON text", () => {
    expect(writeFrame({ type: "unsubscribe", id: "a" })).toBe('{"type":"unsubscribe","id":"a"}')
  })
})
