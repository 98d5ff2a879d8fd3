import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import type { BenchResult } from "./BenchResult.ts"
import { printResult } from "./BenchResult.ts"

/** What each bench file exports. Arguments after the name are its own. */
interface Bench {
  readonly run: (args: ReadonlyArray<string>) => Promise<BenchResult>
}

/** What a worker does: run as `npm run worker` runs it, without the flags by which `npm start` saves memory. */
const ofWorker = new Set(["replay", "grpc"])
const savesMemory = process.execArgv.some((flag) => flag.startsWith("--max-semi-space-size"))

const notBenches = new Set(["main", "BenchResult"])

// A bench's file begins with a small letter, a module it uses with a capital one.
const names = readdirSync(import.meta.dirname)
  .filter((file) => /^[a-z].*\.ts$/.test(file))
  .map((file) => file.slice(0, -".ts".length))
  .filter((name) => !notBenches.has(name))

const [name, ...args] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  console.error(`usage: npm run bench -- NAME, where NAME is one of: ${names.join(", ")}`)
  process.exitCode = 2
} else if (ofWorker.has(name) && savesMemory) {
  const flags = ["--disable-warning=ExperimentalWarning"]
  const { status } = spawnSync(process.execPath, [...flags, import.meta.filename, name, ...args], {
    stdio: "inherit"
  })
  process.exitCode = status ?? 1
} else {
  // The compiler cannot see the module behind a name: each bench file keeps to this shape.
  const bench = (await import(`./${name}.ts`)) as Bench
  printResult(await bench.run(args))
}
