import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import { Schema } from "effect"
import { vi } from "vitest"
import { describeWith } from "../servers/DescribeWith.ts"
import { startChromium, type TestBrowser } from "./Chromium.ts"
import { walkByKeyboard } from "./KeyboardWalk.ts"
import { type RunningSystem, startSystem } from "./RunningSystem.ts"
import { type Visit, visit } from "./Visit.ts"

/** Each page of the dashboard; the replay is the test's own. */
const paths = (job: string) => [
  "/",
  "/jobs",
  `/jobs/${job}`,
  "/jobs/new",
  "/events",
  "/metrics",
  "/system",
  "/audit",
  "/transactions/1",
  "/settings",
  "/nothing"
]

const readToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))
const readId = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))
/** As long as PostgreSQL takes a name. */
const long = `t${"_very_long_name".repeat(4)}`

describeWith("chromium", "the dashboard in a browser, on a running system", () => {
  let system: RunningSystem
  let browser: TestBrowser
  let seen: Visit
  let job = ""

  beforeAll(async () => {
    ;[system, browser] = await Promise.all([startSystem(), startChromium()])
    await system.atSource(`CREATE TABLE public.${long} (id int PRIMARY KEY)`)
    seen = await visit(browser, system)
    await seen.page.goto(system.url)
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  }, 30_000)

  const holds = (what: string, condition: () => Promise<boolean>) =>
    vi.waitFor(async () => assert.isTrue(await condition(), what), { timeout: 20_000, interval: 100 })
  const text = async (selector: string) => (await seen.page.locator(selector).allInnerTexts())[0] ?? ""
  const sees = (selector: string, timeout = 15_000) => seen.page.waitForSelector(selector, { timeout })
  const says: Visit["says"] = (...expected) => seen.says(...expected)

  it("a wrong password is told apart from nothing, the right one shows what flows", async () => {
    await seen.page.fill("[name=username]", system.username)
    await seen.page.fill("[name=password]", "wrong")
    await seen.page.keyboard.press("Enter")
    await says("[role=alert]", /name or the password is wrong/u)
    // A failed login makes the next one from here wait.
    await holds("it is let in", async () => {
      await seen.logIn(3_000)
      return true
    })
    await says("h1", /Everything is flowing|the source is quiet/u)
    await says("[data-part=state]", /Live/u)
    await says("[data-component=checks]", /The slot advances/u, 60_000)
  }, 90_000)

  it("a window is brushed, estimated and played; it is paused, hurried, and completes", async () => {
    await seen.go("/jobs/new")
    await seen.page.getByRole("radio", { name: "15 min" }).check()
    await seen.page.waitForSelector("[data-component=brush] rect[height]:not([height='0'])", {
      state: "attached"
    })
    const box = await (await sees("[data-component=brush] [data-part=plot]")).boundingBox()
    assert.isNotNull(box)
    const y = box.y + box.height / 2
    // The right end is held already: from far left, all of the young history, up to near the right edge.
    await seen.page.mouse.dblclick(box.x + box.width / 2, y)
    await seen.page.focus("[data-end=until]")
    await seen.page.keyboard.press("ArrowLeft")
    assert.match(await seen.page.inputValue("label:has-text('Up to') + input"), /^\d{4}-\d\d-\d\d /u)
    await says("[data-component=estimate]", /changes in/u)
    await seen.page.fill("label:has-text('Name') + input", "Brushed")
    const estimated = seen.page.waitForResponse(
      (response) =>
        response.url().endsWith("/jobs/estimate") &&
        response.request().postData()?.includes('"speed_factor":0.5') === true
    )
    await seen.page.getByRole("radio", { name: "0.5×" }).check()
    await estimated
    const asked: Array<string> = []
    seen.page.on("request", (request) => {
      if (request.url().endsWith("/jobs/estimate")) asked.push(request.url())
    })
    await seen.page.click("text=Create and start")
    await says("h1", /Brushed/u)
    assert.deepStrictEqual(asked, [])
    job = new URL(seen.page.url()).pathname.split("/")[2] ?? ""
    await says("[data-component=page-head] [data-component=pill]", /Running/u)
    await says("[data-component=deck] [data-part=clock]", /\d\d:\d\d:\d\d\.\d{3}/u)

    await seen.page.click("[data-part=play]")
    await says("[data-component=page-head] [data-component=pill]", /Paused/u)
    await says("[data-component=toaster]", /is paused/u)
    const speed = seen.page.locator("[aria-label='Speed, exactly']")
    await speed.press("ControlOrMeta+a")
    await speed.pressSequentially("max")
    await speed.press("Enter")
    await says("[data-component=tile]", /asked max/u)
    await seen.page.click("[data-part=play]")
    await says("[data-component=page-head] [data-component=pill]", /Completed/u, 40_000)
    await says("[data-component=tile]", /100 %/u)
  }, 90_000)

  it("events come by themselves, stand still under the eye, and open", async () => {
    await seen.go("/events")
    await sees("[data-component=event-grid] [data-part=row]")
    const first = () => text("[data-component=event-grid] [data-part=row] >> nth=0")
    const before = await first()
    await holds("another row is the newest", async () => (await first()) !== before)
    await seen.page.keyboard.press("Space")
    await says("[data-component=frozen]", /[1-9]\d* newer change/u)
    const still = await first()
    const newer = async () =>
      Number.parseInt((await text("[data-component=frozen] > span:nth-of-type(2)")).replace(",", ""), 10)
    const atFirst = await newer()
    await holds("more have come", async () => (await newer()) > atFirst)
    assert.strictEqual(await first(), still)

    await seen.page.keyboard.press("j")
    await sees("[data-component=event-detail] [data-component=column-diff]")
    assert.match(seen.page.url(), /event=[0-9A-F]{16}-\d{10}/u)
    await seen.page.keyboard.press("Escape")
    await seen.page.waitForSelector("[data-component=event-detail]", { state: "detached" })
    await seen.page.keyboard.press("Space")
    await seen.page.waitForSelector("[data-component=frozen]", { state: "detached" })

    await seen.page.keyboard.press("/")
    await seen.page.keyboard.type("table:orders")
    await seen.page.waitForURL(/table=orders/u)
    await holds("only rows of the table are left", async () => {
      const tables = await seen.page
        .locator("[data-component=event-grid] [data-part=row] > :nth-child(3)")
        .allInnerTexts()
      return tables.length > 3 && tables.every((table) => table === "public.orders")
    })
    await seen.page.keyboard.press("Escape")
  }, 60_000)

  it("the keyboard goes everywhere", async () => {
    await seen.go("/events?table=orders")
    await sees("[data-component=event-grid] [data-part=row]")
    assert.strictEqual(await seen.page.title(), "Live events · WalStream")
    await seen.page.keyboard.type("go")
    await seen.page.waitForURL(`${system.url}/`)
    await holds("the tab says what it is", async () => /flowing|quiet/u.test(await seen.page.title()))
    await seen.page.keyboard.press("Control+k")
    await seen.page.keyboard.type("brush")
    await says("[role=option][aria-selected=true]", /Brushed/u)
    await seen.page.keyboard.press("Enter")
    await seen.page.waitForURL(/\/jobs\//u)
    await seen.page.keyboard.press("?")
    await says("dialog", /Keyboard shortcuts/u)
    await seen.page.keyboard.press("Escape")
    await seen.page.waitForSelector("dialog", { state: "detached" })
  }, 30_000)

  for (const width of [1600, 320]) {
    it(`the whole job is done without a mouse, in a window of ${width} px`, async () => {
      const visitor = await visit(browser, system, { width })
      const { page } = visitor
      const { press, type, tabTo } = walkByKeyboard(page)
      const name = `By keyboard at ${width}`
      const pill = "[data-component=page-head] [data-component=pill]"
      await page.goto(system.url)
      await page.waitForSelector("[name=username]:focus")
      await type(system.username)
      await press("Tab")
      await type(system.password)
      await press("Enter")
      await page.waitForSelector("main:focus")

      await press("c")
      await page.waitForSelector("[data-component=brush] rect[height]:not([height='0'])", {
        state: "attached"
      })
      await tabTo(page.getByRole("slider", { name: "Window starts" }))
      await press("Home")
      await tabTo(page.getByRole("slider", { name: "Window ends" }))
      await press("ArrowLeft")
      assert.match(await page.getByLabel(/^Up to/u).inputValue(), /^\d{4}-\d\d-\d\d /u)
      await tabTo(page.getByLabel("Speed, exactly"))
      await press("ControlOrMeta+a")
      await type("0.5")
      await tabTo(page.getByLabel("Name", { exact: true }))
      await type(name)
      await tabTo(page.getByRole("button", { name: "Create and start" }))
      await press("Enter")
      await visitor.says("h1", new RegExp(name, "u"))
      await visitor.says(pill, /Running/u)

      await press("Space")
      await visitor.says(pill, /Paused/u)
      await tabTo(page.getByLabel("Speed, exactly"))
      await press("ControlOrMeta+a")
      await type("max")
      await press("Enter")
      await visitor.says("[data-component=tile]", /asked max/u)
      await press("Shift+Tab", "Shift+Tab")
      await press("Space")
      await visitor.says(pill, /Completed/u, 40_000)

      await press("g", "e")
      await page.waitForSelector("[data-component=event-grid] [data-part=row]")
      await press("Space", "j", "j")
      await page.waitForSelector("[data-component=event-detail]")
      await tabTo(page.getByRole("link", { name: "Whole transaction" }))
      await press("Escape")
      await page.waitForSelector("[data-component=event-detail]", { state: "detached" })
      await press("Space")
      await page.waitForSelector("[data-component=frozen]", { state: "detached" })

      await press("ControlOrMeta+k")
      await type(name.toLowerCase())
      await visitor.says("[role=option][aria-selected=true]", new RegExp(name, "u"))
      await press("Enter")
      await page.waitForURL(/\/jobs\/[^n]/u)
      await press("?")
      await visitor.says("dialog", /Keyboard shortcuts/u)
      await press("Escape")
      await page.waitForSelector("dialog", { state: "detached" })
      assert.isAtMost(await visitor.overflow(), 0)
      await press("ControlOrMeta+k")
      await type("log out")
      await press("Enter")
      await page.waitForSelector("[name=username]:focus")
      assert.deepStrictEqual(visitor.faults, [])
      await visitor.close()
    }, 90_000)
  }

  it("a lost server is told of, and found again without a reload", async () => {
    await seen.go("/")
    await system.kill()
    await says("[data-component=banner]", /Not connected/u)
    await says("[data-component=stale]", /does not answer. Shown as of/u, 30_000)
    await says("h1", /Everything is flowing|the source is quiet|Capture/u)
    await says("[data-component=status-line]", /archive durable to [0-9A-F]+\//u)
    await system.start()
    await seen.page.click("text=Retry now").catch(() => undefined)
    await seen.page.waitForSelector("[data-component=banner]", { state: "detached", timeout: 30_000 })
    await says("[data-part=state]", /Live/u)
    await says("h1", /Everything is flowing|the source is quiet|Capture/u)
  }, 90_000)

  it("every page is whole for a screen reader, in both themes", async () => {
    const found: Record<string, ReadonlyArray<string>> = {}
    for (const theme of ["light", "dark"] as const) {
      await seen.page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" })
      for (const path of paths(job)) {
        await seen.go(path)
        const violations = await seen.axe()
        if (violations.length > 0) found[`${path} ${theme}`] = violations
      }
    }
    assert.deepStrictEqual(found, {})
  }, 90_000)

  it("no page is wider than a phone, nothing is cut off, and a screen reader finds it whole there, however long names are", async () => {
    await system.atSource(`INSERT INTO public.${long} VALUES (1) ON CONFLICT DO NOTHING`)
    const form = new URLSearchParams({ username: system.username, password: system.password })
    const answer = await fetch(`${system.url}/api/v1/auth/token`, { method: "POST", body: form })
    const { access_token: token } = readToken(await answer.json())
    const made = await fetch(`${system.url}/api/v1/jobs`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ name: "n".repeat(200), last: "1m", tables: [`public.${long}`], dry_run: true })
    })
    const { id } = readId(await made.json())
    await seen.page.setViewportSize({ width: 320, height: 700 })
    // A list that was asked for a moment ago is not asked for again.
    await seen.page.goto(`${system.url}/jobs`)
    await says("[data-component=job-table]", /n{200}/u)
    const found: Record<string, unknown> = {}
    for (const path of [...paths(job), `/jobs/${id}`]) {
      await seen.go(path)
      await seen.page.waitForSelector("main [data-component=skeleton]", { state: "detached" })
      const [wider, cut, axe] = [await seen.overflow(), await seen.cut(), await seen.axe()]
      if (wider > 0 || cut.length + axe.length > 0) found[path] = { wider, cut, axe }
    }
    assert.deepStrictEqual(found, {})
  }, 60_000)

  it("a change's values do not lie over each other on a phone", async () => {
    await seen.go("/events?operation=update")
    await sees("[data-component=event-grid] [data-part=row]")
    await seen.page.keyboard.press("j")
    await sees("[data-component=column-diff] [data-component=badge]")
    const covered =
      await seen.page.evaluate(`[...document.querySelectorAll("[data-component=column-diff] td")]
      .filter((cell) => cell.scrollWidth > cell.clientWidth).length`)
    assert.strictEqual(covered, 0)
    await seen.page.keyboard.press("Escape")
  }, 30_000)

  it("nothing was asked of anybody else, and the browser had nothing to complain of", () => {
    assert.deepStrictEqual(seen.faults, [])
  })
})
