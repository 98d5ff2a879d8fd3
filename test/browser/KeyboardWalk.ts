import type { Locator, Page } from "playwright-core"
import { vi } from "vitest"

/** What has the focus, and whether one sees that it has it; null where it is nobody's. */
const focus = `(() => {
  const element = document.activeElement
  if (element === null || element === document.body) return null
  const marks = (at) => {
    if (at === null) return false
    const { outlineStyle, boxShadow } = getComputedStyle(at)
    return outlineStyle !== "none" || boxShadow !== "none"
  }
  // A radio button is drawn by what stands beside it. The page itself is no control: there one begins.
  const isSeen = element.matches("main") || marks(element) || marks(element.nextElementSibling) || marks(element.parentElement)
  return { name: element.outerHTML.slice(0, 120), isSeen }
})()`

export interface KeyboardWalk {
  /** Presses one key after the other; after each the focus is somewhere, and is seen. */
  readonly press: (...keys: ReadonlyArray<string>) => Promise<void>
  readonly type: (text: string) => Promise<void>
  /** With Tab, until it has the focus. */
  readonly tabTo: (place: Locator) => Promise<void>
}

/** Somebody who has no mouse. */
export const walkByKeyboard = (page: Page): KeyboardWalk => {
  let last = "the beginning"
  const stands = async (after: string) => {
    await vi.waitFor(
      async () => {
        const found: { readonly name: string; readonly isSeen: boolean } | null = await page.evaluate(focus)
        if (found === null) throw new Error(`the focus is lost after ${after} on ${last}`)
        if (!found.isSeen) throw new Error(`the focus is not seen after ${after}: ${found.name}`)
        last = found.name
      },
      { timeout: 3_000, interval: 50 }
    )
  }
  const press = async (...keys: ReadonlyArray<string>) => {
    for (const key of keys) {
      await page.keyboard.press(key)
      await stands(key)
    }
  }
  return {
    press,
    type: async (text) => {
      await page.keyboard.type(text)
      await stands(text)
    },
    tabTo: async (place) => {
      await place.waitFor({ state: "attached" })
      const has = async () => (await place.and(page.locator(":focus")).count()) > 0
      while (!(await has())) {
        await press("Tab").catch((error: unknown) => {
          throw new Error(`Tab does not come to ${place}`, { cause: error })
        })
      }
    }
  }
}
