import { afterAll, assert, beforeAll, it, vi } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { follow } from "../faults/Scene.ts"
import { emptyShop, makePlatform } from "../platform/Platform.ts"
import { busyShop, type Platform } from "../platform/Scenario.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { startChromium, type TestBrowser } from "./Chromium.ts"
import { type Visit, visit } from "./Visit.ts"

const checks = "[data-component=checks] li"

const suite = () => {
  const scope = Scope.makeUnsafe()
  let platform: Platform
  let browser: TestBrowser
  let seen: Visit
  let job = ""

  const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) =>
    Effect.runPromise(Scope.provide(effect, scope))
  const says: Visit["says"] = (...expected) => seen.says(...expected)
  /** The doctor looks twice a minute. */
  const isGone = (check: RegExp, timeout = 60_000) =>
    vi.waitFor(
      async () => assert.strictEqual(await seen.page.locator(checks).filter({ hasText: check }).count(), 0),
      { timeout, interval: 100 }
    )
  const textOf = async (selector: string) => (await seen.page.locator(selector).first().textContent()) ?? ""
  const changes = async (what: string, selector: string) => {
    await seen.page.waitForSelector(selector)
    const before = await textOf(selector)
    await vi.waitFor(async () => assert.notStrictEqual(await textOf(selector), before, `${what} move on`), {
      timeout: 40_000,
      interval: 100
    })
  }
  const eventsFlow = async () => {
    await seen.go("/events")
    await changes("live events", "[data-component=event-grid] [data-part=row]")
  }
  const replayFlows = async () => {
    await seen.go(`/jobs/${job}`)
    await says("[data-component=page-head] [data-component=pill]", /Following/u)
    await changes("applied changes", "[data-component=tile] [data-part=value]")
  }

  beforeAll(async () => {
    ;[platform, browser] = await Promise.all([
      run(makePlatform({ prepare: emptyShop, env: { JOB_LEASE_DURATION_SECONDS: "9" } })),
      startChromium()
    ])
    for (const { start } of platform.processes.values()) await run(start)
    await run(platform.ready)
    const api = await run(platform.api)
    job = (await run(follow(api))).id
    await run(platform.seed)
    await run(busyShop(platform, 40))
    seen = await visit(browser, { url: platform.pageUrl, ...platform.admin })
    await seen.page.goto(platform.pageUrl)
    await seen.logIn()
    await says("h1", /Everything is flowing/u, 30_000)
    // A reload would lose it.
    await seen.page.evaluate("window.sameDocument = true")
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  }, 60_000)

  it("Redis away: it is named, capture and replay go on; back, the live events go on by themselves", async () => {
    await seen.go("/")
    await run(platform.redis.kill)
    await says(checks, /Redis does not answer/u, 30_000)
    await replayFlows()
    await seen.go("/events")
    await says("[data-component=frozen]", /live buffer does not answer/u)
    await run(platform.redis.start)
    await eventsFlow()
    assert.strictEqual(
      await seen.page.locator("[data-component=frozen]").filter({ hasText: "does not answer" }).count(),
      0
    )
    await seen.go("/")
    await isGone(/Redis does not answer/u)
  }, 120_000)

  it("Kafka away: it is named, and what waits for it; back, all flows", async () => {
    await seen.go("/")
    await run(platform.kafka.kill)
    await says(checks, /Kafka does not answer/u, 30_000)
    await says(checks, /Capture waits|changes are kept aside/u, 30_000)
    await run(platform.kafka.start)
    await isGone(/Kafka/u, 60_000)
    await says("h1", /Everything is flowing/u, 60_000)
    await eventsFlow()
    await replayFlows()
    await seen.go("/")
  }, 150_000)

  it("the control database frozen: it is named, live events go on; back, the replay goes on, and nobody was logged out", async () => {
    await seen.go("/")
    await run(platform.control.freeze)
    await says(checks, /control database does not answer/u, 30_000)
    await eventsFlow()
    await run(platform.control.thaw)
    await seen.go("/")
    await isGone(/control database/u)
    await replayFlows()
  }, 120_000)

  it("all of that in one document, without a complaint of the browser", async () => {
    assert.isTrue(await seen.page.evaluate("window.sameDocument"))
    assert.deepStrictEqual(seen.faults, [])
  })
}

describeWith("chromium", "what a page says while its servers are away", () => {
  describeWith("kafka", "on real servers", () => {
    describeWith("redis-server", "one after the other", suite)
  })
})
