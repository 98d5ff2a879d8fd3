#!/usr/bin/env node
// The CLI needs Node 24. Where an older one runs us, we go on under the one that npm installed beside us.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const source = join(root, "src/main/Cli.ts")
// A package has only `dist`; in the repository the sources are newer than any build.
const cli = existsSync(source) ? source : join(root, "dist/src/main/Cli.js")

const bundled = () => {
  const manifest = createRequire(import.meta.url).resolve("node/package.json")
  return join(dirname(manifest), "bin", process.platform === "win32" ? "node.exe" : "node")
}

const node = Number(process.versions.node.split(".")[0]) >= 24 ? process.execPath : bundled()
const child = spawn(node, ["--disable-warning=ExperimentalWarning", cli, ...process.argv.slice(2)], {
  stdio: "inherit"
})
// Ctrl-C reaches the child by itself; what is sent to us alone is passed on.
process.on("SIGINT", () => {})
process.on("SIGTERM", () => child.kill("SIGTERM"))
child.on("error", (error) => {
  process.stderr.write(`walstream: cannot run ${node}: ${error.message}\n`)
  process.exitCode = 1
})
child.on("close", (code) => {
  process.exitCode = code ?? 1
})
