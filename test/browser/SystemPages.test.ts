import { readFile } from "node:fs/promises"
import { afterAll, assert, beforeAll, it, vi } from "@effect/vitest"
import { appCode } from "../control/AppCode.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { startChromium, type TestBrowser } from "./Chromium.ts"
import { type RunningSystem, startSystem } from "./RunningSystem.ts"
import { type Visit, visit } from "./Visit.ts"

const paths = [
  "/metrics",
  "/system",
  "/transactions/1",
  "/transactions/999999999",
  "/audit",
  "/users",
  "/api-keys",
  "/settings"
]

const search = (url: string) => new URL(url).searchParams

describeWith("chromium", "the pages about the system itself, in a browser", () => {
  let system: RunningSystem
  let browser: TestBrowser
  let seen: Visit

  const says: Visit["says"] = (...expected) => seen.says(...expected)
  const post = (path: string, body: string | URLSearchParams, type: string) =>
    fetch(`${system.url}/api/v1/${path}`, { method: "POST", body, headers: { "content-type": type } })

  beforeAll(async () => {
    ;[system, browser] = await Promise.all([startSystem({ AUTH_REGISTRATION: "open" }), startChromium()])
    // What the record is to have: somebody who was refused, and somebody new.
    const wrong = new URLSearchParams({ username: system.username, password: "wrong" })
    assert.strictEqual((await post("auth/token", wrong, "application/x-www-form-urlencoded")).status, 401)
    seen = await visit(browser, system)
    await seen.page.goto(system.url)
    await vi.waitFor(() => seen.logIn(), 20_000)
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  }, 30_000)

  it("metrics are drawn, read as a table, and looked at more closely", async () => {
    const { page, go } = seen
    await go("/metrics")
    await says("h1", /changes\/s captured/u)
    await page.waitForSelector("[data-component=time-chart] canvas")
    await says("[data-component=operation-mix]", /public\./u)
    await page.getByRole("radio", { name: "15 min" }).check()
    assert.strictEqual(search(page.url()).get("range"), "15m")
    const plot = await page.locator("[data-component=time-chart] .u-over").first().boundingBox()
    assert.isNotNull(plot)
    const y = plot.y + plot.height / 2
    await page.mouse.move(plot.x + plot.width * 0.5, y)
    await page.mouse.down()
    await page.mouse.move(plot.x + plot.width * 0.9, y, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/from=.*until=/u)
    const zoomed = search(page.url())
    const minutes = (Date.parse(zoomed.get("until") ?? "") - Date.parse(zoomed.get("from") ?? "")) / 60_000
    assert.approximately(minutes, 6, 0.5)
    await page.getByTitle("Back to the newest").click()
    assert.isNull(search(page.url()).get("from"))
    await page.getByRole("button", { name: "View as table" }).first().press("Enter")
    await says("[data-part=table]", /\d\d:\d\d:\d\d\d/u)
    await page.getByRole("button", { name: "View as chart" }).press("Enter")
  }, 30_000)

  it("the system page proves what is held, and shows every actor", async () => {
    const { page } = seen
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await says("h1", /Every actor runs|not running/u)
    await says("[data-component=coverage]", /seq 1 …/u)
    await says("[data-component=findings]", /nothing was found wrong/u, 30_000)
    await says("[data-component=actors]", /capture/u)
    const rows = page.locator("[data-component=actors] tr[data-kind]")
    const all = await rows.count()
    await page.getByText("Only what needs a look").click()
    await vi.waitFor(async () => assert.isBelow(await rows.count(), all), 10_000)
  }, 45_000)

  it("a transaction opens at its address, change by change", async () => {
    const { page, go } = seen
    await go("/transactions/2")
    await says("h1", /Transaction 2/u)
    await page.locator("[data-component=changes] button").first().press("Enter")
    await page.waitForSelector("[data-component=changes] [data-component=column-diff] td")
    await page.getByRole("link", { name: /^Before/u }).click()
    await says("h1", /Transaction 1$/u)
    await go("/transactions/999999999")
    await says("h2", /does not hold this transaction/u)
  }, 30_000)

  it("the record is filtered, opened, checked and taken along", async () => {
    const { page } = seen
    await page.keyboard.press("g")
    await page.keyboard.press("a")
    const lines = page.locator("[data-component=audit] > li")
    await lines.first().waitFor()
    await page.getByLabel("What", { exact: true }).fill("auth.token")
    await page.getByLabel("What", { exact: true }).press("Enter")
    await page.getByLabel("Outcome").selectOption("refused")
    await page.waitForURL(/action=auth\.token.*outcome=refused/u)
    await says("[data-component=audit] > li", /auth\.token[\s\S]*refused/u)
    assert.strictEqual(await lines.count(), await lines.filter({ hasText: "refused" }).count())
    await lines.first().locator("button").press("Enter")
    await says("[data-component=audit] [data-part=detail]", /401 invalid-credentials/u)
    await page.getByRole("button", { name: "Check the record" }).click()
    await says("[data-component=card]", /lines are as they were written/u)
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV" }).click()
    ])
    const text = await readFile(await file.path(), "utf8")
    assert.match(text, /^seq,.*\r\n(?:\d+,.*refused.*\r\n)+$/u)
    await page.getByLabel("To what").fill("nobody of that name")
    await page.getByLabel("To what").press("Enter")
    await says("h2", /No line is like that/u)
    await page.getByRole("button", { name: "Clear filters" }).first().click()
    await lines.first().waitFor()
  }, 30_000)

  it("a key is shown once, works, and is removed", async () => {
    const { page } = seen
    await page.keyboard.press("g")
    await page.keyboard.press("k")
    await page.getByRole("button", { name: "New key" }).first().press("Enter")
    await page.getByLabel("Name").fill("nightly replay")
    await page.getByRole("button", { name: "Make the key" }).press("Enter")
    const secret = await page.locator("dialog code").textContent()
    const use = () =>
      fetch(`${system.url}/api/v1/jobs`, { headers: { authorization: `Bearer ${secret ?? ""}` } }).then(
        (answer) => answer.status
      )
    assert.strictEqual(await use(), 200)
    await page.keyboard.press("Escape")
    assert.strictEqual(await page.locator("dialog[open]").count(), 1)
    await page.getByRole("button", { name: "I stored it" }).press("Enter")
    await says("main td", /nightly replay/u)
    assert.isNotNull(secret)
    assert.notInclude(await page.content(), secret)
    await page.getByRole("button", { name: "Remove nightly replay" }).press("Enter")
    await page.getByRole("button", { name: "Remove the key" }).press("Enter")
    await says("h2", /No key yet/u)
    assert.strictEqual(await use(), 401)
  }, 30_000)

  it("the last admin stays one, and sees where they are logged in", async () => {
    const { page, go } = seen
    await page.keyboard.press("g")
    await page.keyboard.press("u")
    await page.getByRole("button", { name: `Change ${system.username}` }).press("Enter")
    await page.getByRole("radio", { name: "Viewer" }).check()
    await page.getByRole("button", { name: "Save" }).press("Enter")
    await says("dialog [data-component=problem]", /last active admin/u)
    await page.keyboard.press("Escape")
    await go("/settings")
    await says("[data-component=sessions] li", /Chrome on Linux.*this one/u)
  }, 30_000)

  it("somebody is let in, and chooses a password at the address that was shown once", async () => {
    const { page, go } = seen
    await go("/users")
    await page.getByRole("button", { name: "New user" }).press("Enter")
    await page.getByLabel("User name").fill("grace")
    await page.getByRole("radio", { name: "Operator" }).check()
    await page.getByRole("button", { name: "Make the user" }).press("Enter")
    const address = (await page.locator("dialog code").textContent()) ?? ""
    assert.match(address, /\/set-password#[\w-]{43}$/u)
    await page.getByRole("button", { name: "I handed it on" }).press("Enter")
    await says("main td", /grace/u)
    assert.notInclude(await page.content(), address)

    const invited = await visit(browser, { ...system, username: "grace", password: "a phrase of its own" })
    await invited.page.goto(address)
    await invited.page.getByLabel("New password").fill("password123")
    await invited.page.keyboard.press("Enter")
    await invited.says("[role=alert]", /most common passwords/u)
    assert.deepStrictEqual(await invited.axe(), [])
    await invited.page.getByLabel("New password").fill("a phrase of its own")
    await invited.page.keyboard.press("Enter")
    await invited.says("[role=status]", /your password from now on/u)
    assert.notInclude(invited.page.url(), "#")
    await invited.page.getByRole("link", { name: "Log in" }).click()
    await invited.page.waitForSelector("[name=username]")
    await invited.logIn()
    assert.deepStrictEqual(invited.faults, [])
    await invited.close()

    await page.getByRole("button", { name: "Change grace" }).press("Enter")
    await page.getByRole("button", { name: "Reset password" }).press("Enter")
    await says("dialog", /It is shown this once/u)
    await page.getByRole("button", { name: "I handed it on" }).press("Enter")
    await page.waitForSelector("dialog[open]", { state: "detached" })
  }, 60_000)

  it("a second factor is set up, and then asked for in a second step", async () => {
    const body = JSON.stringify({ username: "theo", email: "theo@example.com", password: "two-steps-in" })
    assert.strictEqual((await post("auth/register", body, "application/json")).status, 201)
    const theo = await visit(browser, { ...system, username: "theo", password: "two-steps-in" })
    await theo.page.goto(`${system.url}/settings`)
    await theo.logIn()
    await theo.page.getByRole("button", { name: "Set it up" }).press("Enter")
    await theo.page.locator("dialog").getByLabel("Present password").fill("two-steps-in")
    await theo.page.keyboard.press("Enter")
    const secret = (await theo.page.locator("dialog code").first().textContent()) ?? ""
    await theo.page.getByLabel("Code of your app").fill(appCode(secret))
    assert.deepStrictEqual(await theo.axe(), [])
    await theo.page.keyboard.press("Enter")
    await theo.says("dialog", /They are shown this once/u)
    const [code = ""] = await theo.page.locator("dialog li").allTextContents()
    await theo.page.getByRole("button", { name: "I stored them" }).press("Enter")
    await theo.says("main", /Recovery codes left: 10/u)
    for (const each of [secret, code]) assert.notInclude(await theo.page.content(), each)
    await theo.close()

    const again = await visit(browser, system)
    await again.page.goto(system.url)
    await again.page.fill("[name=username]", "theo")
    await again.page.fill("[name=password]", "two-steps-in")
    await again.page.keyboard.press("Enter")
    await again.page.getByLabel("Code of your app").fill(code)
    assert.deepStrictEqual(await again.axe(), [])
    await again.page.keyboard.press("Enter")
    await again.page.waitForSelector("[data-component=status-line]")
    assert.deepStrictEqual(again.faults, [])
    await again.close()
  }, 60_000)

  it("every one is whole for a screen reader in both themes, and fits a phone", async () => {
    const found: Record<string, unknown> = {}
    for (const theme of ["light", "dark"] as const) {
      await seen.page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" })
      for (const path of paths) {
        await seen.go(path)
        await seen.page.waitForTimeout(300)
        const violations = await seen.axe()
        if (violations.length > 0) found[`${path} ${theme}`] = violations
      }
    }
    await seen.page.setViewportSize({ width: 320, height: 700 })
    for (const path of paths) {
      await seen.go(path)
      const wider = await seen.overflow()
      if (wider > 0) found[`${path} at 320 px`] = wider
    }
    assert.deepStrictEqual(found, {})
    assert.deepStrictEqual(seen.faults, [])
  }, 90_000)

  it("a viewer is shown no administration, and refused it by name", async () => {
    const body = JSON.stringify({ username: "vera", email: "vera@example.com", password: "only-looks-on" })
    assert.strictEqual((await post("auth/register", body, "application/json")).status, 201)
    const viewer = await visit(browser, { ...system, username: "vera", password: "only-looks-on" })
    await viewer.page.goto(`${system.url}/audit`)
    await viewer.logIn()
    await viewer.page.getByText(/This takes the role admin/u).waitFor()
    assert.strictEqual(await viewer.page.getByText("Administration").count(), 0)
    assert.strictEqual(await viewer.page.getByRole("button", { name: "Check the record" }).count(), 0)
    await viewer.go("/system")
    await viewer.page.getByText("Proof of coverage").waitFor()
    await viewer.close()
  }, 30_000)
})
