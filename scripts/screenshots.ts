import { mkdir, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { Schema } from "effect"
import { startChromium } from "../test/browser/Chromium.ts"
import { type RunningSystem, startSystem } from "../test/browser/RunningSystem.ts"
import { visit } from "../test/browser/Visit.ts"

/*
 * Pictures of every page of the dashboard and of what lies over them, in both themes and three widths, on a system that
 * it starts itself: to be looked at. `npm run screenshots -- jobs` makes only those whose name has it.
 */
const folder = fileURLToPath(new URL("../ui/screenshots/", import.meta.url))
const only = process.argv[2] ?? ""
const widths = [320, 1280, 1600]
/** Seconds of history before the first picture. */
const history = 45

const readToken = Schema.decodeUnknownSync(Schema.Struct({ access_token: Schema.String }))
const readId = Schema.decodeUnknownSync(Schema.Struct({ id: Schema.String }))
const readStatus = Schema.decodeUnknownSync(Schema.Struct({ status: Schema.String }))
/** No customer may be another's, says the target; the shop never asked. */
const refusal = "ALTER TABLE public.orders ADD CONSTRAINT few_orders CHECK (customer_id < 5) NOT VALID"

interface Client {
  readonly post: (path: string, body?: object) => Promise<{ readonly id: string }>
  /** Waits until the job runs no more. */
  readonly ended: (job: string) => Promise<void>
}

const connect = async ({ url, username, password }: RunningSystem): Promise<Client> => {
  const body = new URLSearchParams({ username, password })
  const answer = await fetch(`${url}/api/v1/auth/token`, { method: "POST", body })
  const { access_token: token } = readToken(await answer.json())
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
  return {
    post: async (path, given) => {
      const asked = given === undefined ? {} : { body: JSON.stringify(given) }
      const response = await fetch(`${url}/api/v1/${path}`, { method: "POST", headers, ...asked })
      return readId(await response.json())
    },
    ended: async (job) => {
      for (;;) {
        const response = await fetch(`${url}/api/v1/jobs/${job}`, { headers })
        if (readStatus(await response.json()).status === "completed") return
        await new Promise((done) => setTimeout(done, 500))
      }
    }
  }
}

/** Replays in several states. */
const prepare = async (client: Client): Promise<{ readonly runs: string; readonly failed: string }> => {
  const make = async (body: object, start: boolean) => {
    const { id } = await client.post("jobs", body)
    if (start) await client.post(`jobs/${id}/start`)
    return id
  }
  await client.ended(await make({ name: "Bring staging up to date", last: "5m", speed_factor: "max" }, true))
  await make({ name: "Rebuild orders", last: "1m", tables: ["public.orders"], dry_run: true }, false)
  await make({ name: "Staging follows", last: "1m", follow: true, speed_factor: 10, dry_run: true }, true)
  await system.atTarget(refusal)
  const failed = await make({ name: "Orders of the morning", last: "1m", speed_factor: "max" }, true)
  await client.post("api-keys", { name: "Nightly check", scopes: ["read"] })
  const runs = await make({ name: "Checkout incident", last: "30s", speed_factor: 0.1, dry_run: true }, true)
  return { runs, failed }
}

const system = await startSystem()
const browser = await startChromium()
try {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await new Promise((done) => setTimeout(done, history * 1000))
  const { runs, failed } = await prepare(await connect(system))
  const pages = {
    overview: "/",
    jobs: "/jobs",
    job: `/jobs/${runs}`,
    "job-failed": `/jobs/${failed}`,
    new: "/jobs/new",
    events: "/events",
    metrics: "/metrics",
    system: "/system",
    transaction: "/transactions/1",
    users: "/users",
    keys: "/api-keys",
    audit: "/audit",
    settings: "/settings",
    "not-found": "/nothing"
  }
  const over = [
    ["palette", "Control+k", "[data-component=palette]"],
    ["shortcuts", "?", "dialog"]
  ] as const
  for (const theme of ["light", "dark"] as const) {
    for (const width of widths) {
      const seen = await visit(browser, system, { theme, width, height: width < 500 ? 760 : 960 })
      const shoot = (name: string) =>
        seen.page.screenshot({ path: `${folder}${name}-${theme}-${width}.png`, fullPage: name !== "events" })
      await seen.page.goto(system.url)
      await seen.page.waitForSelector("[name=username]")
      if ("login".includes(only)) await shoot("login")
      await seen.logIn()
      for (const [name, path] of Object.entries(pages).filter(([name]) => name.includes(only))) {
        await seen.go(path)
        await seen.page.waitForTimeout(name === "overview" || name === "metrics" ? 4_000 : 1_500)
        await shoot(name)
        const overflow = await seen.overflow()
        if (overflow > 0) console.warn(`${name} at ${width} is ${overflow} pixels too wide`)
      }
      await seen.go("/")
      for (const [name, keys, part] of over.filter(([name]) => name.includes(only))) {
        await seen.page.keyboard.press(keys)
        await seen.page.waitForSelector(part)
        await shoot(name)
        await seen.page.keyboard.press("Escape")
      }
      if ("event-detail".includes(only)) {
        await seen.go("/events")
        await seen.page.waitForSelector("[data-component=event-grid] [data-part=row]")
        await seen.page.keyboard.press("j")
        await seen.page.waitForSelector("[data-component=event-detail] [data-component=column-diff]")
        await shoot("event-detail")
      }
      for (const fault of seen.faults) console.warn(fault)
      await seen.close()
    }
  }
  if ("lost".includes(only)) {
    const seen = await visit(browser, system, { theme: "dark", width: 1280, height: 960 })
    await seen.page.goto(system.url)
    await seen.logIn()
    await system.kill()
    await seen.page.waitForSelector("[data-component=banner]")
    await seen.page.screenshot({ path: `${folder}lost-dark-1280.png` })
  }
  if ("login-refused".includes(only)) {
    await system.start()
    const seen = await visit(browser, system, { theme: "dark", width: 1280, height: 960 })
    await seen.page.goto(system.url)
    await seen.page.fill("[name=username]", "nobody")
    await seen.page.fill("[name=password]", "wrong")
    await seen.page.keyboard.press("Enter")
    await seen.page.waitForSelector("[role=alert]")
    await seen.page.screenshot({ path: `${folder}login-refused-dark-1280.png` })
  }
  console.log(`pictures are in ${folder}`)
} finally {
  await browser.close()
  await system.stop()
}
