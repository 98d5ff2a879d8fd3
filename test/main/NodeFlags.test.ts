import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { nodeFlags } from "../../src/main/NodeFlags.ts"

const compileCache = "NODE_COMPILE_CACHE=node_modules/.cache/walstream"

it("are those of `npm start`", () => {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  const flags = nodeFlags.join(" ")
  assert.include(manifest, `"start": "exec env ${compileCache} node ${flags} src/main/dev.ts"`)
  // What was compiled under other flags is not used.
  assert.include(manifest, `"prepare": "npm run build:ui && node ${flags} scripts/warm-compile-cache.ts"`)
})
