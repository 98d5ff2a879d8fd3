import { afterAll, assert, beforeAll, it, vi } from "@effect/vitest"
import { Schema } from "effect"
import { describeWith } from "../servers/DescribeWith.ts"
import { startChromium, type TestBrowser } from "./Chromium.ts"
import { type RunningSystem, startSystem } from "./RunningSystem.ts"
import { type Visit, visit } from "./Visit.ts"

const readToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))
const readId = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))

const password = "of this test only"
/** Of the tests' own customers, whom the target does not take. */
const refused = (name: string) => `${name}@refused.example`

describeWith("chromium", "who runs replays, and who may only look, in a browser", () => {
  let system: RunningSystem
  let browser: TestBrowser
  let olga: Visit
  let vera: Visit
  let olgaId = ""
  let veraId = ""
  let job = ""

  const request = (method: string, path: string, body?: object, token = "") =>
    fetch(`${system.url}/api/v1/${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) })
    })
  const asAdmin = async (method: string, path: string, body?: object) => {
    const form = new URLSearchParams({ username: system.username, password: system.password })
    const answer = await fetch(`${system.url}/api/v1/auth/token`, { method: "POST", body: form })
    const done = await request(method, path, body, readToken(await answer.json()).access_token)
    assert.isTrue(done.ok, `${method} ${path}: ${done.status}`)
  }
  const register = async (username: string) => {
    const made = await request("POST", "auth/register", {
      username,
      email: `${username}@example.com`,
      password
    })
    return readId(await made.json()).id
  }
  const enter = async (username: string, path: string) => {
    const seen = await visit(browser, { ...system, username, password })
    await seen.page.goto(`${system.url}${path}`)
    await seen.logIn()
    return seen
  }
  /** The target has somebody against this customer, who then comes to the shop. */
  const comes = async (name: string) => {
    await system.atTarget(
      `ALTER TABLE public.customers ADD CONSTRAINT no_${name} CHECK (email <> '${refused(name)}')`
    )
    await system.atSource(
      `INSERT INTO public.customers (email, name) VALUES ('${refused(name)}', '${name}'), ('${name}@example.com', '${name}')`
    )
  }
  const pill = "[data-component=page-head] [data-component=pill]"
  const play = async (seen: Visit, name: string) => {
    await seen.go("/jobs/new")
    await seen.page.getByLabel("Name", { exact: true }).fill(name)
    await seen.page.getByLabel("Tables", { exact: true }).fill("public.customers")
    await seen.page.getByRole("radio", { name: "As fast as possible" }).check()
    await seen.page.getByRole("button", { name: "Create and start" }).click()
    await seen.says("h1", new RegExp(name, "u"))
  }

  beforeAll(async () => {
    ;[system, browser] = await Promise.all([
      startSystem({ AUTH_REGISTRATION: "open", ACCESS_TOKEN_MINUTES: "1" }),
      startChromium()
    ])
    olgaId = await register("olga")
    veraId = await register("vera")
    await asAdmin("PATCH", `users/${olgaId}`, { role: "operator" })
    ;[olga, vera] = await Promise.all([enter("olga", "/"), enter("vera", "/jobs")])
  }, 90_000)
  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  }, 30_000)

  it("a change that the target refuses is named with its error; mended there and retried, the replay completes", async () => {
    const { page, says } = olga
    await comes("anna")
    await play(olga, "Anna comes")
    job = new URL(page.url()).pathname
    await says(pill, /Failed/u, 30_000)
    await says("[data-component=job-error]", /The target refused one change[\s\S]*no_anna/u)
    await says("[data-component=failures] li", /INSERT[\s\S]*public\.customers[\s\S]*rejected[\s\S]*no_anna/u)
    await page.getByRole("link", { name: "Show the change" }).click()
    await says("[data-component=event-detail]", /anna@refused\.example/u)
    await page.goBack()

    await page.getByRole("button", { name: "Retry" }).click()
    await says("[data-component=failures] li:nth-child(2)", /no_anna/u, 30_000)
    await says(pill, /Failed/u)
    await system.atTarget("ALTER TABLE public.customers DROP CONSTRAINT no_anna")
    await page.getByRole("button", { name: "Retry" }).click()
    await says(pill, /Completed/u, 30_000)
    await page.waitForSelector("[data-component=job-error]", { state: "detached" })
    await says(
      "[data-component=job-history]",
      /completed it[\s\S]*olga retried it[\s\S]*failed at[\s\S]*olga created it/u
    )
    await says("[data-component=tile]", /100 %/u)
  }, 90_000)

  it("who may only look sees no deeds, and is told why", async () => {
    const { page, says, go } = vera
    await says("[data-component=job-table]", /Anna comes[\s\S]*Completed/u)
    assert.strictEqual(await page.getByRole("link", { name: "New replay" }).count(), 0)
    assert.strictEqual(await page.locator("[data-component=job-table] button").count(), 0)
    await comes("bert")
    await play(olga, "Bert comes")
    await olga.says(pill, /Failed/u, 30_000)
    await go(new URL(olga.page.url()).pathname)
    await says("[data-component=job-error]", /no_bert/u)
    for (const deed of ["Retry", "Skip the change…", "Cancel", "Delete"]) {
      assert.strictEqual(await page.getByRole("button", { name: deed, exact: true }).count(), 0, deed)
    }
    assert.strictEqual(await page.getByRole("link", { name: "Duplicate" }).count(), 0)
    const button = page.locator("[data-component=deck] [data-part=play]")
    assert.strictEqual(await button.getAttribute("aria-disabled"), "true")
    assert.strictEqual(await button.getAttribute("title"), "Your role may watch, but not run replays")
    assert.isTrue(await page.getByLabel("Speed, exactly").isDisabled())
    await page.keyboard.press("Space")
    await go("/jobs/new")
    await says("h1", /Your role may watch, but not run replays/u)
    await page.keyboard.press("ControlOrMeta+k")
    await page.keyboard.type("replay")
    await says("[role=option]", /Replays/u)
    assert.strictEqual(await page.getByRole("option", { name: "New replay" }).count(), 0)
    await page.keyboard.press("Escape")
    await olga.says(pill, /Failed/u)
  }, 60_000)

  it("a change is skipped with a reason, which is kept with the replay and who gave it", async () => {
    const { page, says } = olga
    await says(pill, /Failed/u)
    await page.getByRole("button", { name: "Skip the change…" }).click()
    await page.getByRole("button", { name: "Skip and resume" }).press("Enter")
    await says("dialog h2", /Skip this change\?/u)
    await page.getByLabel("Why the target is to do without it").fill("Bert is not welcome")
    await page.getByRole("button", { name: "Skip and resume" }).click()
    await says(pill, /Completed/u, 30_000)
    await says("[data-component=job-history] li", /olga skipped [0-9A-F]{16}-\d{10}: Bert is not welcome/u)
    await says("[data-component=tile]", /1 passed over by hand/u)
    await says("[data-component=failures] li", /no_bert/u)
    await says("[data-component=failures] li", /skipped/u)
    await system.atTarget(
      `DO $$ BEGIN ASSERT (SELECT array_agg(email) FROM public.customers WHERE name = 'bert') = '{bert@example.com}'; END $$`
    )
  }, 60_000)

  it("who runs replays is shown no users, and refused them by name", async () => {
    assert.strictEqual(await olga.page.getByText("Administration").count(), 0)
    for (const path of ["/users", "/api-keys", "/audit"]) {
      await olga.go(path)
      await olga.says("main", /This takes the role admin/u)
    }
  }, 30_000)

  it("a login that is ended elsewhere is asked for again in place: what was typed is still there, and the page goes on", async () => {
    const { page, says, go } = olga
    await go("/jobs/new")
    await page.getByLabel("Name", { exact: true }).fill("Typed before")
    await page.getByRole("checkbox", { name: /^Dry run/u }).check()
    await asAdmin("DELETE", `users/${olgaId}/sessions`)
    await says("dialog h2", /Your login has ended/u)
    // Browsers close a dialog at the second Escape, whatever it says to it.
    for (const key of ["Escape", "Escape", "Escape"]) await page.keyboard.press(key)
    await page.fill("dialog [name=password]", "wrong")
    await page.keyboard.press("Enter")
    await says("dialog [role=alert]", /name or the password is wrong/u)
    // A failed login makes the next one from here wait.
    await vi.waitFor(async () => {
      await page.fill("dialog [name=password]", password)
      await page.keyboard.press("Enter")
      await page.waitForSelector("dialog", { state: "detached", timeout: 3_000 })
    }, 20_000)
    assert.strictEqual(await page.getByLabel("Name", { exact: true }).inputValue(), "Typed before")
    await says("[data-part=state]", /Live/u)
    await page.getByRole("button", { name: "Create and start" }).click()
    await says("h1", /Typed before/u)
    await says(pill, /Running|Completed/u)
  }, 60_000)

  it("a role that an admin changes holds in a page that is open, both ways", async () => {
    const { page, says, go } = vera
    const look = () => page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`)
    const become = (role: string) => asAdmin("PATCH", `users/${veraId}`, { role })
    await become("admin")
    await look()
    await says("nav", /Audit log/u)
    await go("/audit")
    await says("[data-component=audit] > li", /auth\.token/u)
    await become("viewer")
    await look()
    await says("main", /This takes the role admin/u)
    assert.strictEqual(await page.locator("[data-component=audit] > li").count(), 0)
    assert.strictEqual(await page.getByText("Administration").count(), 0)
  }, 30_000)

  it("a token that has run out, and no cookie to get the next by: the same", async () => {
    const { page, says, go } = vera
    await go(job)
    await says("h1", /Anna comes/u)
    await page.context().clearCookies()
    await says("dialog h2", /Your login has ended/u, 75_000)
    await page.fill("dialog [name=password]", password)
    await page.keyboard.press("Enter")
    await page.waitForSelector("dialog", { state: "detached" })
    await says("h1", /Anna comes/u)
    await says("[data-part=state]", /Live/u)
    assert.strictEqual(new URL(page.url()).pathname, job)
  }, 120_000)

  it("the browser had nothing to complain of", () => {
    assert.deepStrictEqual([...olga.faults, ...vera.faults], [])
  })
})
