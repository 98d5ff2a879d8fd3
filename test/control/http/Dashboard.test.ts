import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { apiLayer, ask } from "../TestApi.ts"

const page = { accept: "text/html,*/*" }

layer(apiLayer("dashboard"), { timeout: 60_000 })("the dashboard's files", (it) => {
  it.effect("every address of its own is the page, which is asked for anew each time", () =>
    Effect.gen(function* () {
      const root = yield* ask("/", { headers: page })
      assert.strictEqual(root.status, 200)
      assert.strictEqual(root.headers.get("cache-control"), "no-cache")
      const deep = yield* ask("/jobs/7c1f?x=1", { headers: page })
      assert.strictEqual(deep.text, root.text)
      const again = yield* ask("/", { headers: { ...page, "if-none-match": root.headers.get("etag") ?? "" } })
      assert.strictEqual(again.status, 304)
    })
  )

  it.effect("an API's address and a file are not there when they are not", () =>
    Effect.gen(function* () {
      for (const path of ["/api/v1/nothing", "/api", "/assets/nothing.js", "/favicon.ico", "/assets/"]) {
        const answer = yield* ask(path, { headers: page })
        assert.strictEqual(answer.status, 404, path)
        assert.include(answer.headers.get("content-type"), "application/problem+json", path)
      }
      const program = yield* ask("/jobs/7c1f", { headers: { accept: "application/json" } })
      assert.strictEqual(program.status, 404)
    })
  )

  it.effect("files have names of one content for ever, and are packed", () =>
    Effect.gen(function* () {
      const { text } = yield* ask("/", { headers: page })
      const names = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/gu)].map(([, name]) => name ?? "")
      assert.isAtLeast(names.length, 3)
      for (const name of names) {
        const plain = yield* ask(name, { headers: { "accept-encoding": "identity" } })
        assert.include(plain.headers.get("cache-control"), "immutable", name)
        assert.isNull(plain.headers.get("content-encoding"))
        const packed = yield* ask(name, { headers: { "accept-encoding": "br, gzip" } })
        assert.strictEqual(packed.text, plain.text, name)
        assert.strictEqual(packed.headers.get("vary"), "accept-encoding")
        if (name.endsWith(".js")) assert.strictEqual(packed.headers.get("content-encoding"), "br", name)
      }
    })
  )
})
