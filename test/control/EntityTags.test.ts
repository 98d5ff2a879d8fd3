import { assert, it, layer } from "@effect/vitest"
import { Effect } from "effect"
import { versionsOf } from "../../src/control/http/EntityTags.ts"
import { apiLayer, ask, member, tokenFor } from "./TestApi.ts"

it("If-Match names versions, and what is no tag of ours names none", () => {
  const cases = [
    [undefined, null],
    ["*", null],
    ['"5"', [5]],
    ['"5.abc-_9", "6"', [5, 6]],
    ['W/"5"', []],
    ["5", []],
    ['"5; DROP TABLE jobs"', []],
    ["", []]
  ] as const
  for (const [header, versions] of cases) assert.deepStrictEqual(versionsOf(header), versions, header)
})

layer(apiLayer("tags"), { timeout: "60 seconds", excludeTestServices: true })("entity tags", (it) => {
  it.effect("say 304 to who has the job, and 412 to who would write over somebody else's change", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("operator")
      const made = yield* ask("/api/v1/jobs", { token, body: { start_time: null } })
      const job = `/api/v1/jobs/${member(made.json, "id")}`
      const tag = made.headers.get("etag") ?? ""
      assert.match(tag, /^"1\.[\w-]{12}"$/u)
      for (const held of [tag, `"x", W/${tag}`]) {
        const same = yield* ask(job, { token, headers: { "if-none-match": held } })
        assert.strictEqual(same.status, 304, held)
        assert.strictEqual(same.text, "")
        assert.strictEqual(same.headers.get("etag"), tag)
      }
      assert.strictEqual((yield* ask(job, { token, headers: { "if-none-match": '"1.other"' } })).status, 200)

      const rename = (name: string, match: string) =>
        ask(job, { method: "PATCH", token, body: { name }, headers: { "if-match": match } })
      const renamed = yield* rename("mine", tag)
      assert.strictEqual(renamed.status, 200)
      assert.match(renamed.headers.get("etag") ?? "", /^"2\./u)
      const late = yield* rename("theirs", tag)
      assert.strictEqual(late.status, 412)
      assert.include(late.json, { type: "https://walstream.dev/problems/precondition-failed", version: 2 })
      assert.include((yield* ask(job, { token })).json, { name: "mine" })
      assert.strictEqual((yield* rename("any", '"2147483648", "999999999999999"')).status, 412)
      assert.strictEqual((yield* rename("any", "*")).status, 200)

      const remove = (match: string) => ask(job, { method: "DELETE", token, headers: { "if-match": match } })
      assert.strictEqual((yield* remove(tag)).status, 412)
      assert.strictEqual((yield* remove('"3"')).status, 204)
      assert.strictEqual((yield* rename("gone", tag)).status, 404)
    })
  )
})
