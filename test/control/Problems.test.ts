import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { OpenApi } from "effect/http-api"
import { problemBase } from "../../src/control/api/Problems.ts"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { plainProblems } from "../../src/control/http/ProblemBody.ts"

it("every problem that the API can answer with has its place in docs/problems.md, and no other", () => {
  const document = JSON.stringify(OpenApi.fromApi(WalstreamApi))
  const declared = [...document.matchAll(/https:\/\/walstream\.dev\/problems\/([a-z-]+)/gu)].map(
    ([, slug = ""]) => slug
  )
  const plain = Object.values(plainProblems).map(([slug]) => slug)
  const text = readFileSync(new URL("../../docs/problems.md", import.meta.url), "utf8")
  const told = [...text.matchAll(/^## ([a-z-]+)$/gmu)].map(([, slug = ""]) => slug)
  assert.sameMembers(told, [...new Set([...declared, ...plain])])
  assert.lengthOf(new Set(told), told.length)
  assert.include(text, problemBase)
  for (const [status, [slug]] of Object.entries(plainProblems)) {
    assert.match(text, new RegExp(`^## ${slug}\\n\\n${status}[.,]`, "mu"))
  }
})
