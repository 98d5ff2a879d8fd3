import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import type { Page } from "playwright-core"
import type { Look, TestBrowser } from "./Chromium.ts"
import type { RunningSystem } from "./RunningSystem.ts"

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js")

export interface Visit {
  readonly page: Page
  /** What the browser complained of, and requests to anywhere else. */
  readonly faults: ReadonlyArray<string>
  /** Until an element says it; if none does within the time, what is said instead is the failure. */
  readonly says: (selector: string, expected: RegExp, timeout?: number) => Promise<void>
  /** `timeout`: milliseconds until it must have let in. */
  readonly logIn: (timeout?: number) => Promise<void>
  /** Goes there as a person does, without losing what the page holds in memory. */
  readonly go: (path: string) => Promise<void>
  /** What axe finds against WCAG 2.2 AA. */
  readonly axe: () => Promise<ReadonlyArray<string>>
  /** Pixels that the page is wider than the window. */
  readonly overflow: () => Promise<number>
  /** Controls that stick out of the window: nobody could press them. */
  readonly cut: () => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
}

/** Where the page is, and who goes in. */
type Entrance = Pick<RunningSystem, "url" | "username" | "password">

/** A browser window on a system. */
export const visit = async (browser: TestBrowser, system: Entrance, look: Look = {}): Promise<Visit> => {
  const { context, page } = await browser.open(look)
  const faults: Array<string> = []
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`))
  page.on("console", (message) => {
    // An answer that says no is told in the console, too; what the page makes of it is what matters.
    const isAnswer = /status of (?:4\d\d|5\d\d)|ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket/u.test(
      message.text()
    )
    if (message.type() === "error" && !isAnswer) faults.push(`console: ${message.text()}`)
  })
  page.on("request", (request) => {
    if (!request.url().startsWith(system.url) && !request.url().startsWith("blob:")) {
      faults.push(`request: ${request.url()}`)
    }
  })
  const axeSource = await readFile(axePath, "utf8")
  return {
    page,
    faults,
    says: async (selector, expected, timeout = 15_000) => {
      const found = page.locator(selector).filter({ hasText: expected }).first()
      await found.waitFor({ timeout }).catch(async () => {
        const shown = await page.locator(selector).allInnerTexts()
        throw new Error(
          `${selector} does not say ${expected} within ${timeout / 1000} s, but ${shown.join(" | ")}`
        )
      })
    },
    logIn: async (timeout = 30_000) => {
      await page.fill("[name=username]", system.username)
      await page.fill("[name=password]", system.password)
      await page.keyboard.press("Enter")
      await page.waitForSelector("[data-component=status-line]", { timeout })
    },
    go: async (path) => {
      await page.evaluate(
        `history.pushState({}, "", ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent("popstate"))`
      )
      await page.waitForSelector("main h1, main [data-component=empty] h2")
    },
    axe: async () => {
      await page.evaluate(axeSource)
      const found: ReadonlyArray<string> = await page.evaluate(`axe
        .run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] })
        .then(({ violations }) => violations.flatMap(({ id, nodes }) =>
          nodes.map(({ html, failureSummary }) => id + ": " + html.slice(0, 160) + " " + failureSummary.slice(0, 200))))`)
      return found
    },
    overflow: () =>
      page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"),
    cut: () =>
      page.evaluate(`[...document.querySelectorAll("main :is(a, button, input, select)")]
        .filter((element) => element.checkVisibility() && element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML.slice(0, 120))`),
    close: () => context.close()
  }
}
