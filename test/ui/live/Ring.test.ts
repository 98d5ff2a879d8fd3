import { describe, expect, it } from "vitest"
import { Ring } from "../../../ui/src/live/Ring.ts"

const all = <A>(ring: Ring<A>) => Array.from({ length: ring.size }, (_, index) => ring.at(index))

describe("the newest so many", () => {
  it("are those of a list that is cut, after any pushes", () => {
    const ring = new Ring<number>(7)
    let expected: Array<number> = []
    let next = 0
    for (const length of [1, 2, 3, 5, 7, 20, 1, 6, 0, 4]) {
      const items = Array.from({ length }, () => next++)
      ring.push(items)
      expected = [...items.toReversed(), ...expected].slice(0, 7)
      expect(all(ring)).toEqual(expected)
      expect(ring.snapshot()).toEqual(expected)
      expect(ring.added).toBe(next)
    }
    expect(ring.at(7)).toBeUndefined()
    expect(ring.at(-1)).toBeUndefined()
  })

  it("a snapshot stays as it is, whatever comes", () => {
    const ring = new Ring<number>(3)
    ring.push([1, 2, 3])
    const before = ring.snapshot()
    ring.push([4, 5, 6, 7])
    expect(before).toEqual([3, 2, 1])
    ring.clear()
    expect(ring.snapshot()).toEqual([])
    ring.push([8])
    expect(all(ring)).toEqual([8])
  })
})
