// After a run with vitest's JSON report: what failed is run once more, alone, and named if it passes. Fails if it fails again.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { relative } from "node:path"
import { Schema } from "effect"

/** More than this is no unsteadiness. */
const atMost = 4

const Report = Schema.fromJsonString(
  Schema.Struct({
    testResults: Schema.Array(Schema.Struct({ name: Schema.String, status: Schema.String }))
  })
)

const [report = ""] = process.argv.slice(2)
const { testResults } = Schema.decodeUnknownSync(Report)(readFileSync(report, "utf8"))
const failed = testResults.flatMap(({ name, status }) =>
  status === "failed" ? [relative(process.cwd(), name)] : []
)
if (failed.length === 0 || failed.length > atMost) {
  console.error(`${failed.length} files of tests failed: none is run again`)
  process.exit(1)
}
console.error(`Failed, and run once more by themselves: ${failed.join(", ")}`)
const { status } = spawnSync("npx", ["vitest", "run", ...failed], { stdio: "inherit" })
if (status === 0)
  console.error(`UNSTEADY, to be mended: ${failed.join(", ")} failed beside the others and passed alone`)
process.exit(status ?? 1)
