import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Schedule } from "effect"
import { CoverageNotes } from "../../src/control/CoverageNotes.ts"
import { apiLayer, ask, member, testHistory, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"

layer(apiLayer("estimates"), { timeout: "60 seconds", excludeTestServices: true })("an estimate", (it) => {
  const estimate = Effect.fnUntraced(function* (body: object) {
    const token = yield* tokenFor("viewer")
    return yield* ask("/api/v1/jobs/estimate", { token, body })
  })
  const empty = Effect.flatMap(PgClient.PgClient, (sql) => sql`DELETE FROM jobs`)

  it.effect("says how much, from where, how long, and creates nothing", () =>
    Effect.gen(function* () {
      yield* empty
      const sql = yield* PgClient.PgClient
      const whole = yield* estimate({ start_time: null })
      assert.strictEqual(whole.status, 200, whole.text)
      assert.deepInclude(whole.json, {
        start_seq: 1,
        end_seq: 4,
        transactions: 3,
        changes: 4,
        bytes: 30,
        filtered: false,
        first_commit_time: "2026-01-02T03:04:05.000001Z",
        last_commit_time: "2026-01-02T03:04:05.000003Z",
        replay_source: "sqlite",
        changes_per_second: 10_000,
        rate_basis: "assumed",
        refusal: null,
        warnings: []
      })
      assert.match(
        String(member(whole.json, "replay_source_reason")),
        /^archive: the window starts more than/u
      )
      const slow = yield* estimate({ start_time: null, speed_factor: 0.1, tables: ["public.orders"] })
      assert.include(slow.json, {
        filtered: true,
        paced_seconds: 0.00002,
        applying_seconds: 0.0004,
        seconds: 0.0004
      })
      const some = yield* estimate({ start_lsn: "0/200", end_time: "2026-01-02T03:04:05.000003Z" })
      assert.deepInclude(some.json, { start_seq: 2, end_seq: 3, transactions: 1, changes: 2 })
      const open = yield* estimate({ start_time: null, follow: true })
      assert.deepInclude(open.json, { start_seq: 1, end_seq: null, changes: 4, seconds: null })
      const justEnded = yield* estimate({ start_time: null, end_time: "2026-02-01T00:00:00Z" })
      assert.deepInclude(justEnded.json, { start_seq: 1, end_seq: null, changes: 4, seconds: 0.0004 })
      const ahead = yield* estimate({
        start_time: "2030-01-01T00:00:00Z",
        end_time: "2030-01-01T00:00:01Z"
      })
      assert.deepInclude(ahead.json, { start_seq: null, changes: null, seconds: null, refusal: null })
      assert.lengthOf(yield* sql`SELECT 1 AS one FROM jobs`, 0)
    })
  )

  it.effect("measures by what jobs at full speed have done there", () =>
    Effect.gen(function* () {
      yield* empty
      const sql = yield* PgClient.PgClient
      yield* sql`INSERT INTO jobs (target, status, dry_run, dedupe, on_mismatch, follow, strict_source, events_processed,
          started_at, completed_at)
        SELECT target, 'completed', false, 'off', 'converge', false, false, 5000, now(), now() + seconds * interval '1 second'
        FROM (VALUES ('default', 1), ('default', 3), ('second', 100)) AS done (target, seconds)`
      assert.include((yield* estimate({ start_time: null })).json, {
        changes_per_second: 2500,
        rate_basis: "jobs",
        applying_seconds: 0.0016
      })
    })
  )

  it.effect("warns of holes and of what other jobs have applied", () =>
    Effect.gen(function* () {
      yield* empty
      const sql = yield* PgClient.PgClient
      const notes = yield* CoverageNotes
      const late = { table: "public.late", captured: "all", commitLsn: 512n, commitTime: 2, seq: 2 } as const
      yield* notes.note(testHistory, [late], 3)
      const codes = (body: object) =>
        Effect.map(estimate(body), ({ json }) => {
          const warnings = member(json, "warnings")
          return (Array.isArray(warnings) ? warnings : []).map((warning) => member(warning, "code"))
        })
      yield* codes({ start_time: null }).pipe(
        Effect.filterOrFail((found) => found.includes("late_table")),
        Effect.retry({ schedule: Schedule.spaced("100 millis"), times: 50 })
      )
      yield* sql`INSERT INTO jobs (target, status, dry_run, dedupe, on_mismatch, follow, strict_source, history, start_seq,
          end_seq, store, checkpoint_seq, checkpoint_ordinal)
        VALUES ('default', 'completed', false, 'target', 'converge', false, false, ${testHistory}, 2, 3, 'sqlite', 2, 1)`
      assert.deepStrictEqual(yield* codes({ start_time: null }), ["late_table", "overlap"])
      assert.deepStrictEqual(yield* codes({ start_lsn: "0/200" }), ["duplicates"])
      assert.deepStrictEqual(yield* codes({ start_lsn: "0/300" }), [])
      assert.deepStrictEqual(yield* codes({ start_time: null, target: "second" }), ["late_table"])
      assert.deepStrictEqual(yield* codes({ start_time: null, dedupe: "job" }), ["late_table"])
    }).pipe(Effect.provide(CoverageNotes.layer))
  )

  it.effect("takes what a new job takes: a length of time, too", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const before = Date.now()
      const made = yield* ask("/api/v1/jobs", { token, body: { last: "1h30m" } })
      assert.strictEqual(made.status, 201)
      const at = (name: string) => Date.parse(String(member(made.json, name)))
      assert.strictEqual(at("end_time") - at("start_time"), 5_400_000)
      assert.isTrue(at("end_time") >= before && at("end_time") <= Date.now())
      const follows = yield* ask("/api/v1/jobs", { token, body: { last: "90s", follow: true } })
      assert.include(follows.json, { end_time: null })
      for (const [body, path] of [
        [{ last: "15m", start_time: null }, "start_time"],
        [{ last: "15m", end_lsn: "0/1" }, "end_lsn"],
        [{ last: "15" }, "last"],
        [{ last: "0s" }, "last"],
        [{ last: "-5m" }, "last"],
        [{ last: "99999999d" }, "last"],
        [{}, "start_time"],
        [{ last: "15m", target: "elsewhere" }, "target"]
      ] as const) {
        const refused = yield* estimate(body)
        assert.strictEqual(refused.status, 400, JSON.stringify(body))
        assert.include(refused.json, { type: `${problem}invalid-request` })
        assert.include(refused.text, `"path":"${path}"`)
      }
    })
  )

  it.effect("the list is sorted and bounded by time of creation, and its cursor belongs to that", () =>
    Effect.gen(function* () {
      yield* empty
      const token = yield* tokenFor("operator")
      const made: Array<{ readonly id: string; readonly at: string }> = []
      for (let i = 0; i < 4; i++) {
        const { json } = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
        made.push({ id: String(member(json, "id")), at: String(member(json, "created_at")) })
      }
      const page = Effect.fnUntraced(function* (query: string) {
        const { json, status } = yield* ask(`/api/v1/jobs?${query}`, { token })
        const items = member(json, "items")
        const ids = (Array.isArray(items) ? items : []).map((item) => String(member(item, "id")))
        return { status, ids, next: member(json, "next_cursor") }
      })
      const ids = made.map(({ id }) => id)
      assert.deepStrictEqual((yield* page("")).ids, ids.toReversed())
      const first = yield* page("sort=created_at&limit=3")
      assert.deepStrictEqual(first.ids, ids.slice(0, 3))
      const second = yield* page(`sort=created_at&limit=3&cursor=${first.next}`)
      assert.deepStrictEqual([second.ids, second.next], [ids.slice(3), null])
      const after = made[1]?.at ?? ""
      assert.deepStrictEqual((yield* page(`created_after=${after}`)).ids, ids.slice(2).toReversed())
      for (const query of [
        `cursor=${first.next}`,
        `sort=-created_at&cursor=${first.next}`,
        `sort=created_at&created_after=${after}&cursor=${first.next}`,
        "sort=name",
        "created_after=yesterday"
      ]) {
        assert.strictEqual((yield* page(query)).status, 400, query)
      }
    })
  )
})
