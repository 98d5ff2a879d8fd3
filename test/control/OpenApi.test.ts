import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { openApiChanges } from "../../scripts/OpenApiChanges.ts"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"

const document = JSON.parse(JSON.stringify(OpenApi.fromApi(WalstreamApi)))
const committed = JSON.parse(readFileSync(new URL("../../docs/openapi.json", import.meta.url), "utf8"))

it("the contract breaks no client of the committed one, and is committed as it is", () => {
  const { breaking, additive } = openApiChanges(committed, document)
  assert.deepStrictEqual(breaking, [], "this breaks clients")
  assert.deepStrictEqual(additive, [], "run `npm run openapi`")
  assert.deepStrictEqual(document, committed, "run `npm run openapi`")
})

it("the contract speaks snake_case only, and numbers beyond 53 bits are text", () => {
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return
    const { properties } = schema as { readonly properties?: object }
    for (const name of Object.keys(properties ?? {})) {
      assert.match(name, /^[a-z][a-z0-9_]*$/u, path)
      if (name.endsWith("_lsn") || name === "lsn" || name.endsWith("position")) {
        assert.include(
          JSON.stringify((properties as Record<string, unknown>)[name]),
          '"string"',
          `${path}.${name}`
        )
      }
    }
    for (const [key, member] of Object.entries(schema)) walk(member, `${path}.${key}`)
  }
  walk(document, "")
  for (const [path, methods] of Object.entries<object>(document.paths)) {
    for (const { parameters = [] } of Object.values(methods) as ReadonlyArray<{
      readonly parameters?: ReadonlyArray<{ readonly name: string; readonly in: string }>
    }>) {
      for (const { name, in: where } of parameters) {
        if (where !== "header") assert.match(name, /^[a-z][a-z0-9_]*$/u, path)
      }
    }
  }
})
