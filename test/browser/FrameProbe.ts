import type { Page } from "playwright-core"

/** What was seen of a list while it was looked at, frame by frame. */
export interface Frames {
  /** Milliseconds from one frame to the next. */
  readonly lengths: ReadonlyArray<number>
  /** Frames that had no row where one had to be. */
  readonly blank: number
}

/** Runs in the page: looks at each frame, at the list's top, middle and end. */
const watch = `(() => {
  const list = document.querySelector("[data-component=event-grid] [data-part=scroller]")
  const seen = { lengths: [], blank: 0, isOn: true }
  let last = performance.now()
  const isRow = (x, y) => {
    const row = document.elementFromPoint(x, y)?.closest("[data-part=row]")
    return row != null && row.textContent.trim() !== ""
  }
  const look = (now) => {
    if (!seen.isOn) return
    seen.lengths.push(now - last)
    last = now
    const { left, top, bottom, width } = list.getBoundingClientRect()
    const places = [top + 4, (top + bottom) / 2, Math.min(bottom, innerHeight) - 6]
    if (!places.every((y) => isRow(left + width / 2, y))) seen.blank += 1
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
  window.framesSeen = seen
})()`

export const startFrames = (page: Page): Promise<void> => page.evaluate(watch)

export const stopFrames = (page: Page): Promise<Frames> =>
  page.evaluate("(window.framesSeen.isOn = false, window.framesSeen)")

/** Bytes of the page's heap that are reachable. */
export const heapOf = async (page: Page): Promise<number> => {
  const session = await page.context().newCDPSession(page)
  await session.send("HeapProfiler.collectGarbage")
  const { usedSize } = await session.send("Runtime.getHeapUsage")
  await session.detach()
  return usedSize
}
