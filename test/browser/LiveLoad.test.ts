import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { describeWith } from "../servers/DescribeWith.ts"
import { startChromium, type TestBrowser } from "./Chromium.ts"
import { heapOf, startFrames, stopFrames } from "./FrameProbe.ts"
import { type RunningSystem, startSystem } from "./RunningSystem.ts"
import { type Visit, visit } from "./Visit.ts"

/** How long it is looked at; 60 on demand. */
const seconds = Number(process.env["WALSTREAM_PAGE_LOAD_SECONDS"] ?? 10)
const perSecond = 10_000
const perTransaction = 100

const table = "CREATE TABLE public.readings (id bigint, sensor text, value float8, at timestamptz)"
/** At a steady pace; what is late is caught up with. */
const procedure = `CREATE PROCEDURE public.steady_readings(seconds int) LANGUAGE plpgsql AS $$
DECLARE start timestamptz := clock_timestamp(); ahead float;
BEGIN
  FOR i IN 0..seconds * ${perSecond / perTransaction} - 1 LOOP
    INSERT INTO public.readings
    SELECT i * ${perTransaction} + n, 'sensor ' || n, n * 0.5, clock_timestamp() FROM generate_series(1, ${perTransaction}) AS n;
    COMMIT;
    ahead := (i + 1) / ${perSecond / perTransaction}.0 - extract(epoch FROM clock_timestamp() - start);
    IF ahead > 0 THEN PERFORM pg_sleep(ahead); END IF;
  END LOOP;
END $$`

describeWith("chromium", "the live events under load, in a browser", () => {
  let system: RunningSystem
  let browser: TestBrowser
  let seen: Visit

  beforeAll(async () => {
    ;[system, browser] = await Promise.all([startSystem({ DEMO_RATE: "1" }), startChromium()])
    await system.atSource(table)
    await system.atSource(procedure)
    seen = await visit(browser, system)
    await seen.page.goto(`${system.url}/events`)
    await seen.logIn()
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  }, 30_000)

  // A machine that does much else takes its caches from the page: then it is measured once more.
  const measured = { timeout: (seconds + 90) * 1000, retry: 1 }
  it(
    `${perSecond} changes a second for ${seconds} s: smooth, never blank, and no more memory`,
    measured,
    async () => {
      const { page, says } = seen
      const status = "[data-component=event-filters]"
      const load = system.atSource(`CALL public.steady_readings(${seconds + 12})`)
      await says(status, /50,000 of 50,000 kept/u, 40_000)
      const box = await page.locator("[data-component=event-grid] [data-part=scroller]").boundingBox()
      assert.isNotNull(box)
      await page.mouse.move(box.x + 200, box.y + 200)
      const heapBefore = await heapOf(page)
      await startFrames(page)
      const rates: Array<string> = []
      const tellRate = async () =>
        rates.push(/[\d,.k]+\/s/u.exec((await page.locator(status).textContent()) ?? "")?.[0] ?? "")
      const longest = await browser.longestTask(page, async () => {
        await page.waitForTimeout(seconds * 500)
        await tellRate()
        const until = performance.now() + seconds * 500
        for (let turn = 0; performance.now() < until; turn += 1) {
          await page.mouse.wheel(0, turn % 40 < 30 ? 240 : -240)
        }
        await tellRate()
      })
      const { lengths, blank } = await stopFrames(page)
      await page.getByRole("button", { name: "Resume, jump to newest" }).click()
      await page.getByText("Paused", { exact: true }).waitFor({ state: "detached" })
      const grown = (await heapOf(page)) - heapBefore
      const sorted = lengths.toSorted((a, b) => a - b).map(Math.round)
      console.info(`${perSecond} a second`, {
        rates,
        frames: sorted.length,
        p50: sorted[Math.floor(sorted.length / 2)],
        p99: sorted[Math.floor(sorted.length * 0.99)],
        worst: sorted.at(-1),
        over50: sorted.filter((length) => length > 50).length,
        longestTask: longest,
        grown
      })
      assert.strictEqual(blank, 0, "frames without a row")
      assert.isAbove(sorted.length, seconds)
      assert.isAbove(longest, 0)
      assert.isAtMost(longest, 50, "milliseconds of the page's longest task")
      assert.isBelow(grown, 4_000_000, "bytes of heap")
      await load
    }
  )
})
