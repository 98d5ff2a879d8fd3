import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Schema } from "effect"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"

/** Debian's, where scripts/setup-tests.ts installs it. */
const chromiumPath = "/usr/bin/chromium"

/** No display, no sandbox (the tests may run as root), and no word to the network by itself. */
const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--force-color-profile=srgb"
]

export interface Look {
  readonly theme?: "light" | "dark"
  readonly width?: number
  readonly height?: number
  readonly reducedMotion?: boolean
}

const Tasks = Schema.Struct({
  traceEvents: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      pid: Schema.optionalKey(Schema.Int),
      tid: Schema.optionalKey(Schema.Int),
      /** Microseconds of CPU. */
      tdur: Schema.optionalKey(Schema.Finite),
      args: Schema.optionalKey(Schema.Unknown)
    })
  )
})
const readTasks = Schema.decodeUnknownSync(Schema.fromJsonString(Tasks))

/** Milliseconds of CPU that the longest task of a page's main thread took. */
const longestOf = (trace: Buffer): number => {
  const { traceEvents: events } = readTasks(trace.toString())
  const main = new Set(
    events
      .filter(({ name, args }) => name === "thread_name" && JSON.stringify(args).includes("CrRendererMain"))
      .map(({ pid, tid }) => `${pid} ${tid}`)
  )
  const tasks = events.filter(
    ({ name, pid, tid }) => name === "ThreadControllerImpl::RunTask" && main.has(`${pid} ${tid}`)
  )
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0)
}

export interface TestBrowser {
  readonly open: (look?: Look) => Promise<{ readonly context: BrowserContext; readonly page: Page }>
  /**
   * Milliseconds of CPU that the longest task of the page took meanwhile: what others do on the same cores does not
   * count.
   */
  readonly longestTask: (page: Page, work: () => Promise<void>) => Promise<number>
  readonly close: () => Promise<void>
}

export const startChromium = async (): Promise<TestBrowser> => {
  const home = await mkdtemp(join(tmpdir(), "walstream-chromium-"))
  const browser: Browser = await chromium.launch({
    executablePath: chromiumPath,
    args: flags,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home }
  })
  return {
    open: async ({ theme = "light", width = 1280, height = 900, reducedMotion = false } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: reducedMotion ? "reduce" : "no-preference",
        permissions: ["clipboard-read", "clipboard-write"]
      })
      return { context, page: await context.newPage() }
    },
    longestTask: async (page, work) => {
      await browser.startTracing(page, { categories: ["toplevel"] })
      await work()
      return longestOf(await browser.stopTracing())
    },
    close: async () => {
      await browser.close()
      await rm(home, { recursive: true, force: true })
    }
  }
}
