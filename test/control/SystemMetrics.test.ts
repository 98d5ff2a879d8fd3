import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import type { ActorJson } from "../../src/control/api/ActorJson.ts"
import { MetricsHistoryJson } from "../../src/control/api/MetricsHistoryJson.ts"
import { MetricsRing } from "../../src/control/MetricsRing.ts"
import { processFigures } from "../../src/control/ProcessFigures.ts"
import { type Sample, Samples } from "../../src/control/Samples.ts"
import { openLive } from "./live/LiveClient.ts"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const sample = (at: number, n: number | null, latencySeconds: number | null = null): Sample => ({
  at,
  captured: n === null ? null : { transactions: n, changes: n * 10 },
  archived: n,
  published: null,
  replayed: n,
  latencySeconds
})

it("rates are of the last ten seconds, and nothing where nothing is known", () => {
  const samples = new Samples()
  assert.deepInclude(samples.rates, { captured_changes: null, replayed_changes: null })
  samples.add(sample(0, 0))
  assert.isNull(samples.rates.captured_changes)
  for (let i = 1; i <= 50; i++) samples.add(sample(i * 1000, i <= 40 ? 0 : (i - 40) * 5))
  assert.deepEqual(samples.rates, {
    captured_transactions: 5,
    captured_changes: 50,
    archived_transactions: 5,
    published_transactions: null,
    replayed_changes: 5
  })
  // A stretch in which nobody answered is left out.
  for (let i = 51; i <= 59; i++) samples.add(sample(i * 1000, null))
  samples.add(sample(60_000, 100))
  assert.strictEqual(samples.rates.archived_transactions, 5)
  // Another process counts from its own beginning.
  samples.add(sample(61_000, 3))
  assert.strictEqual(samples.rates.captured_transactions, 0)
})

it("latency is of the last minute", () => {
  const samples = new Samples()
  assert.isNull(samples.latency)
  for (let i = 0; i < 200; i++) samples.add(sample(i * 1000, i, i < 100 ? 9 : (i - 139) / 1000))
  assert.deepStrictEqual(samples.latency, { p50: 0.03, p99: 0.06, max: 0.06, samples: 60 })
})

const actor = (path: string, more: Partial<ActorJson>): ActorJson => ({
  path,
  name: path,
  kind: "actor",
  state: "running",
  since: "2026-01-02T03:04:05Z",
  restarts: 0,
  last_error: null,
  mailbox: null,
  children: [],
  ...more
})

it("a supervision tree comes to what all below it come to", () => {
  const box = (depth: number, dropped = 0) => ({ depth, capacity: 100, overflow: "wait", dropped })
  const children = Array.from({ length: 8 }, (_, i) => actor(`/a/${i}`, { mailbox: box(i, 1), restarts: 2 }))
  const tree = actor("/", { children: [actor("/a", { children, state: "backoff", restarts: 1 })] })
  const figures = processFigures({
    id: "p",
    role: "worker",
    host: "h",
    pid: 7,
    version: "1",
    started_at: "",
    told_at: "",
    silent: true,
    actors: tree
  })
  assert.deepInclude(figures, { actors: 10, not_running: 1, restarts: 17, dropped: 8, silent: true })
  assert.deepStrictEqual(
    figures.mailboxes.map(({ depth }) => depth),
    [7, 6, 5, 4, 3]
  )
})

it("an hour is kept, and no more", () => {
  const ring = new MetricsRing(3)
  for (const second of [0, 5, 10, 15]) {
    ring.add({
      at: `2026-11-22T10:00:${String(second).padStart(2, "0")}.000Z`,
      rates: {
        captured_transactions: 1,
        captured_changes: second,
        archived_transactions: null,
        published_transactions: null,
        replayed_changes: null
      },
      ingest_latency_seconds: second === 10 ? null : { p50: 0.1, p99: 0.2, max: 0.3, samples: 9 },
      live_buffer: null
    })
  }
  const {
    at,
    captured_changes: captured,
    ingest_latency_p99_seconds: p99,
    live_buffer_changes: buffer
  } = ring.history
  assert.deepStrictEqual(
    at.map((time) => time.slice(17, 19)),
    ["05", "10", "15"]
  )
  assert.deepStrictEqual(captured, [5, 10, 15])
  assert.deepStrictEqual(p99, [0.2, null, 0.2])
  assert.deepStrictEqual(buffer, [null, null, null])
})

const decodeHistory = Schema.decodeUnknownSync(MetricsHistoryJson)

layer(apiLayer("metrics"), { timeout: "60 seconds", excludeTestServices: true })("system/metrics", (it) => {
  it.effect("tells rates, jobs and processes; over a socket each second", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const token = yield* tokenFor("viewer")
      const [job] = yield* sql<{ readonly id: string }>`
        INSERT INTO jobs (target, status, dry_run, dedupe, on_mismatch, follow, strict_source)
        VALUES ('default', 'paused', false, 'target', 'converge', false, false) RETURNING id::text`
      const replayed = yield* sql`
        UPDATE jobs SET events_processed = events_processed + 1000 WHERE id = ${job?.id ?? ""}`.pipe(
        Effect.andThen(ask("/api/v1/system/metrics", { token })),
        Effect.repeat({
          until: ({ json }) => Number(member(member(json, "rates"), "replayed_changes")) > 0,
          schedule: Schedule.spaced("100 millis")
        }),
        Effect.timeout("15 seconds")
      )
      assert.deepStrictEqual(member(replayed.json, "jobs"), { paused: 1 })
      assert.deepInclude(member(replayed.json, "live_buffer"), { kind: "memory", max_changes: 100 })
      const client = yield* openLive(`?token=${token}`)
      client.send({ type: "subscribe", id: "m", channel: "metrics" })
      const [first, second] = yield* client.await("metrics", 2)
      assert.notStrictEqual(first?.metrics.at, second?.metrics.at)
      assert.isAbove(second?.metrics.processes[0]?.actors ?? 0, 5)
    }).pipe(Effect.scoped)
  )

  it.effect("keeps what was, look by look, column by column", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const kept = yield* ask("/api/v1/system/metrics/history", { token }).pipe(
        Effect.map(({ json }) => decodeHistory(json)),
        Effect.repeat({ until: ({ at }) => at.length > 0, schedule: Schedule.spaced("200 millis") }),
        Effect.timeout("20 seconds")
      )
      const { step_seconds: step, at, ...columns } = kept
      assert.strictEqual(step, 5)
      for (const [name, column] of Object.entries(columns)) assert.strictEqual(column.length, at.length, name)
      assert.strictEqual(kept.live_buffer_max_changes[0], 100)
    })
  )
})
