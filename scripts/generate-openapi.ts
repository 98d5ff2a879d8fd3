import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { OpenApi } from "effect/http-api"
import { WalstreamApi } from "../src/control/api/WalstreamApi.ts"
import { openApiChanges } from "./OpenApiChanges.ts"

/*
 * Writes docs/openapi.json. What would break clients is only written with `--breaking`: then it is a decision.
 */
const file = new URL("../docs/openapi.json", import.meta.url)
const document = OpenApi.fromApi(WalstreamApi)
const before = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}
const { breaking, additive } = openApiChanges(before, JSON.parse(JSON.stringify(document)))
for (const change of additive) process.stdout.write(`new: ${change}\n`)
for (const change of breaking) process.stderr.write(`breaking: ${change}\n`)
if (breaking.length > 0 && !process.argv.includes("--breaking")) {
  process.stderr.write("nothing was written; if clients may break, say so: npm run openapi -- --breaking\n")
  process.exitCode = 1
} else writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`)
