import { spawnSync } from "node:child_process"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { dashboardQueries } from "../../scripts/Dashboards.ts"
import { roleMetrics } from "../../src/main/MetricsReference.ts"
import { until } from "../faults/Scene.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { deployedRules, faults, firesAndResolves, makeWatched, type Watched } from "./AlertFaults.ts"
import { startJob } from "./Scenario.ts"

/** There is no spill here, and nothing that bounds a time before the slot is lost. */
const mayBeEmpty = /walstream_spill_|walstream_slot_seconds_until_lost/u

/** Each process tells what docs/metrics.md says, and nothing else. */
const assertScrapes = Effect.fnUntraced(function* ({ platform }: Watched) {
  for (const role of platform.processes.keys()) {
    const text = yield* Effect.promise(async () => (await fetch(platform.metricsOf(role))).text())
    const told = Array.from(text.matchAll(/^# TYPE (\w+) /gmu), ([, name]) => name)
    const said = (roleMetrics[role] ?? []).map(({ name }) => name)
    assert.sameMembers(told, said, role)
    // Its linter says what it thinks in its output, and by its exit code.
    const linted = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" })
    assert.deepStrictEqual([linted.status, linted.stderr], [0, ""], role)
  }
})

/** Every query of every dashboard gives something. */
const assertQueries = Effect.fnUntraced(function* ({ prometheus, api }: Watched) {
  const paced = yield* startJob(api, { start_time: null, follow: true, speed_factor: 1, dry_run: true })
  for (const { dashboard, panel, expr } of dashboardQueries) {
    const asked = prometheus.query(expr.replaceAll("$__rate_interval", "10s").replaceAll(/\$\w+/gu, ".*"))
    if (mayBeEmpty.test(expr)) yield* asked
    else
      yield* until(
        `${dashboard}, ${panel}: ${expr}`,
        Effect.map(asked, (series) => series.length > 0),
        20
      )
  }
  yield* api.act(paced.id, "cancel")
})

/** Each selector of the rules has a series: one that has none may hide behind an `or` and never fire. */
const assertSelectors = Effect.fnUntraced(function* ({ prometheus }: Watched) {
  const exprs = deployedRules().replaceAll(
    /^ *(?:#|-? ?(?:alert|summary|description|runbook_url):).*$/gmu,
    ""
  )
  const selectors = new Set(exprs.match(/\b(?:walstream_\w+|up\b)(?:\{[^}]*\})?/gu))
  assert.isAbove(selectors.size, 15)
  for (const selector of selectors)
    if (!mayBeEmpty.test(selector))
      yield* until(
        selector,
        Effect.map(prometheus.query(selector), (series) => series.length > 0),
        20
      )
})

/** What is logged is changed while the process runs, from this machine. */
const assertLevels = Effect.fnUntraced(function* ({ platform }: Watched) {
  const url = new URL("/log-levels", platform.metricsOf("worker"))
  const ask = (body?: string) =>
    Effect.promise(async () => {
      const headers = { "content-type": "application/json" }
      const response = await fetch(url, body === undefined ? {} : { method: "PUT", headers, body })
      return [response.status, await response.text()] as const
    })
  assert.deepStrictEqual(yield* ask(), [200, '{"default":"Debug"}'])
  assert.deepStrictEqual(yield* ask('{"replay":"Info"}'), [200, '{"default":"Debug","replay":"Info"}'])
  assert.strictEqual((yield* ask('{"replay":"loud"}'))[0], 400)
  // As the settings said, and the process goes on.
  process.kill(platform.processOf("worker").pid() ?? Number.NaN, "SIGHUP")
  yield* until(
    "the levels are as they were",
    Effect.map(ask(), ([, levels]) => levels === '{"default":"Debug"}')
  )
})

describeWith("kafka", "the four processes, watched", () => {
  describeWith("prometheus", "by Prometheus", () => {
    it.live(
      "tell what the reference says, what the dashboards ask for, and when something is wrong",
      () =>
        Effect.gen(function* () {
          const watched = yield* makeWatched
          yield* Effect.onError(
            Effect.gen(function* () {
              yield* assertScrapes(watched)
              yield* assertQueries(watched)
              yield* assertSelectors(watched)
              yield* until(
                "no alert fires",
                Effect.map(watched.prometheus.firing, ({ size }) => size === 0)
              )
              yield* assertLevels(watched)
              // The others: scripts/try-alerts.ts.
              for (const fault of faults.filter(({ restarts }) => restarts !== true))
                console.info(yield* firesAndResolves(watched, fault))
            }),
            () => watched.platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 400_000, retry: 0 }
    )
  })
})
