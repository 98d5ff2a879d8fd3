// The last step of a build: what the compiled server serves as it is, and which commit it was built of.
import { spawnSync } from "node:child_process"
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { version } from "../src/main/Version.ts"

const dist = new URL("../dist/", import.meta.url)

// Beside the compiled `src`, as in the repository.
cpSync(new URL("../ui/dist", import.meta.url), new URL("ui/dist", dist), { recursive: true })

/** Where there is no repository, as in an image, whoever builds says it. */
const commit =
  process.env["COMMIT"] ||
  spawnSync("git", ["rev-parse", "--short=12", "HEAD"], { encoding: "utf8" }).stdout?.trim()
if (commit) {
  const file = new URL("src/main/Version.js", dist)
  writeFileSync(file, readFileSync(file, "utf8").replace(`"${version}"`, `"${version}+${commit}"`))
}
