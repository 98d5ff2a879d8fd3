import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { JobHistoryJson } from "../../src/control/api/JobHistoryJson.ts"
import { historyText } from "../../src/control/api/JobHistoryText.ts"
import { JobStore } from "../../src/replay/JobStore.ts"
import { expire } from "./JobSteps.ts"
import { type Answer, apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const position = "0000000000000200-0000000001"

/** As the contract test holds them against the schema. */
const entriesOf = ({ json }: Answer) => member(json, "items") as unknown as ReadonlyArray<JobHistoryJson>

layer(apiLayer("history"), { timeout: "60 seconds", excludeTestServices: true })("a job's history", (it) => {
  const made = Effect.gen(function* () {
    const operator = yield* tokenFor("operator")
    const body = { start_time: null }
    const answer = yield* ask("/api/v1/jobs", { token: operator, body })
    const id = String(member(answer.json, "id"))
    const job = `/api/v1/jobs/${id}`
    return {
      id,
      job,
      post: (action: string, token = operator) => ask(`${job}/${action}`, { method: "POST", token }),
      skip: (reason: string) => ask(`${job}/skip`, { token: operator, body: { position, reason } }),
      patch: (to: object) => ask(job, { method: "PATCH", token: operator, body: to })
    }
  })

  it.effect("tells who did what, people, keys and workers, newest first", () =>
    Effect.gen(function* () {
      const store = yield* JobStore
      const admin = yield* tokenFor("admin")
      const viewer = yield* tokenFor("viewer")
      const key = yield* ask("/api/v1/api-keys", {
        token: admin,
        body: { name: "nightly", scopes: ["jobs", "read"] }
      })
      const { id, job, post, patch, skip } = yield* made
      yield* patch({ speed_factor: 2.5 })
      yield* patch({ speed_factor: 2.5 })
      yield* patch({ speed_factor: "max", name: "mornings" })
      // Refused and unchanged is nothing that was done.
      yield* post("resume")
      yield* post("start", String(member(key.json, "key")))
      yield* post("start")
      yield* Effect.fromOption(yield* store.acquire("w-1", 60))
      yield* expire(id)
      const held = yield* Effect.fromOption(yield* store.acquire("w-2", 60))
      yield* store.fail(id, held.leaseEpoch, { code: "rejected", message: "said why", position })
      yield* skip("no depot there")
      yield* post("resume")
      yield* post("pause")
      yield* post("resume")
      const last = yield* Effect.fromOption(yield* store.acquire("w-1", 60))
      yield* store.complete(id, last.leaseEpoch)

      const told = yield* ask(`${job}/history`, { token: viewer })
      assert.strictEqual(told.status, 200, told.text)
      assert.deepStrictEqual(entriesOf(told).map(historyText).toReversed(), [
        "test-operator created it",
        "test-operator changed the speed from 1x to 2.5x",
        'test-operator changed the speed from 2.5x to max and named it "mornings"',
        'the key "nightly" of test-admin started it',
        "w-1 took it up",
        "w-2 took it over from w-1, which was lost",
        `w-2 failed at ${position} (rejected)`,
        `test-operator skipped ${position}: no depot there`,
        "test-operator retried it",
        "test-operator paused it",
        "test-operator resumed it",
        "w-1 took it up",
        "w-1 completed it"
      ])
      assert.notMatch(told.text, /127\.0\.0\.1|request|address|said why/u)
      assert.isNull(member(told.json, "next_cursor"))

      yield* ask(`/api/v1/api-keys/${member(key.json, "id")}`, { token: admin, method: "DELETE" })
      const later = yield* ask(`${job}/history`, { token: viewer })
      assert.include(entriesOf(later).map(historyText), "a removed key of test-admin started it")
      const byKey = entriesOf(later).find(({ by }) => by.type === "key")
      assert.deepStrictEqual(byKey?.by, { type: "key", name: null, user: "test-admin" })
    })
  )

  it.effect("comes in pages, of this job alone", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const { job, post } = yield* made
      const other = yield* made
      for (const action of ["start", "pause", "resume", "cancel"]) {
        yield* post(action)
        yield* other.post(action)
      }
      const seen: Array<string> = []
      let next = ""
      do {
        const page = yield* ask(`${job}/history?limit=2${next}`, { token })
        seen.push(...entriesOf(page).map(({ what }) => what))
        const cursor = member(page.json, "next_cursor")
        next = cursor === null ? "" : `&cursor=${cursor}`
      } while (next !== "")
      assert.deepStrictEqual(seen, ["cancelled", "resumed", "paused", "started", "created"])

      const first = yield* ask(`${job}/history?limit=1`, { token })
      const cursor = String(member(first.json, "next_cursor"))
      for (const wrong of [`${other.job}/history?cursor=${cursor}`, `${job}/history?cursor=abc`]) {
        assert.strictEqual((yield* ask(wrong, { token })).status, 400, wrong)
      }
      assert.strictEqual((yield* ask(`${job}/failures?cursor=${cursor}`, { token })).status, 400)
      yield* ask(job, { method: "DELETE", token: yield* tokenFor("operator") })
      assert.strictEqual((yield* ask(`${job}/history`, { token })).status, 404)
    })
  )

  it.effect("has what the record has: nothing of a job that is older than that", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const [job] = yield* sql<{ readonly id: string }>`
        INSERT INTO jobs (target, dry_run, dedupe, on_mismatch, follow, strict_source)
        VALUES ('default', false, 'target', 'converge', false, false) RETURNING id::text`
      const told = yield* ask(`/api/v1/jobs/${job?.id}/history`, { token: yield* tokenFor("viewer") })
      assert.deepStrictEqual(told.json, { items: [], next_cursor: null })
    })
  )
})
