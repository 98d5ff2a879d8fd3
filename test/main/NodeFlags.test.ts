import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { nodeFlags } from "../../src/main/NodeFlags.ts"

it("are those of `npm start`", () => {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8")
  assert.include(manifest, `"start": "exec node ${nodeFlags.join(" ")} src/main/dev.ts"`)
})
