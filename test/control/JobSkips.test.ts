import { assert, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { JobStore } from "../../src/replay/JobStore.ts"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

const problem = "https://walstream.dev/problems/"
/** The second change of the second transaction of the test's history. */
const position = "0000000000000200-0000000001"

const itemsOf = (answer: { readonly json: Parameters<typeof member>[0] }) => {
  const items = member(answer.json, "items")
  return Array.isArray(items) ? items : []
}

layer(apiLayer("skips"), { timeout: "60 seconds", excludeTestServices: true })("a failed job", (it) => {
  it.effect("shows each change that it failed at, and is told to pass over one", () =>
    Effect.gen(function* () {
      const store = yield* JobStore
      const operator = yield* tokenFor("operator")
      const viewer = yield* tokenFor("viewer")
      const made = yield* ask("/api/v1/jobs", { token: operator, body: { start_time: null } })
      const id = String(member(made.json, "id"))
      const job = `/api/v1/jobs/${id}`
      const fail = Effect.fnUntraced(function* (at: string | null) {
        const { leaseEpoch } = yield* Effect.fromOption(yield* store.acquire("w", 60))
        yield* store.fail(id, leaseEpoch, {
          code: at === null ? "overlap" : "rejected",
          message: "said why",
          position: at
        })
      })
      const skip = (body: object, token = operator) => ask(`${job}/skip`, { token, body })

      const early = yield* skip({ position, reason: "none" })
      assert.strictEqual(early.status, 409)
      assert.deepInclude(early.json, {
        type: `${problem}invalid-transition`,
        from: "pending",
        action: "skip",
        allowed: ["start", "cancel"]
      })
      yield* ask(`${job}/start`, { method: "POST", token: operator })
      yield* fail(position)

      assert.strictEqual((yield* skip({ position, reason: "no" }, viewer)).status, 403)
      for (const body of [{ position }, { position, reason: " " }, { position: "2:1", reason: "no" }]) {
        assert.strictEqual((yield* skip(body)).status, 400, JSON.stringify(body))
      }
      const other = yield* skip({ position: "0000000000000200-0000000000", reason: "no" })
      assert.strictEqual(other.status, 409)
      assert.include(other.json, { type: `${problem}not-the-failure`, failed_at: position })

      for (const reason of ["the target has no depot", "and again"]) {
        const skipped = yield* skip({ position, reason })
        assert.strictEqual(skipped.status, 200)
        assert.include(skipped.json, { status: "failed", events_skipped: 0, version: 5 })
        assert.include(
          JSON.stringify(member(skipped.json, "skips")),
          '"reason":"the target has no depot","skipped_by":"test-operator"'
        )
      }
      yield* ask(`${job}/resume`, { method: "POST", token: operator })
      yield* fail(null)

      const newest = yield* ask(`${job}/failures?limit=1`, { token: viewer })
      assert.strictEqual(newest.status, 200)
      assert.include(itemsOf(newest)[0], { code: "overlap", position: null, event: null, skipped: false })
      const cursor = String(member(newest.json, "next_cursor"))
      const older = yield* ask(`${job}/failures?limit=1&cursor=${cursor}`, { token: viewer })
      assert.isNull(member(older.json, "next_cursor"))
      const [failure = null] = itemsOf(older)
      assert.include(failure, { code: "rejected", position, skipped: true, lease_epoch: 1 })
      assert.include(member(failure, "event"), { position, seq: 2, table: "stock", operation: "delete" })

      const second = yield* ask("/api/v1/jobs", { token: operator, body: { start_time: null } })
      const elsewhere = `/api/v1/jobs/${member(second.json, "id")}/failures`
      assert.deepStrictEqual((yield* ask(elsewhere, { token: viewer })).json, {
        items: [],
        next_cursor: null
      })
      for (const wrong of [cursor, "abc", "%20"]) {
        const refused = yield* ask(`${elsewhere}?cursor=${wrong}`, { token: viewer })
        assert.strictEqual(refused.status, 400, wrong)
      }
      assert.isTrue(Option.isNone(yield* store.acquire("w", 60)))
    })
  )
})
