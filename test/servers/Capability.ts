import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Where Debian puts the binaries of its PostgreSQL 15. */
export const debianBinaries = "/usr/lib/postgresql/15/bin"

/** And its Redis 7. */
export const redisServer = "/usr/bin/redis-server"
/** Names one that is there, e.g. `redis://127.0.0.1:6379/9`. */
export const redisAddress = "WALSTREAM_TEST_REDIS"

/** Kafka's own jars, brought by Maven (see scripts/setup-tests.ts). Not in the repository. */
export const kafkaJars = join(import.meta.dirname, "kafka", "jars")
/** Its classes as Java has loaded them once: a broker that finds them starts in half the time. */
export const kafkaClasses = join(kafkaJars, "classes.jsa")

/** A Python with the client of examples/requirements.txt, in an environment of its own (see scripts/setup-tests.ts). */
export const pythonFolder = join(import.meta.dirname, "python")
export const pythonWithKafka = join(pythonFolder, "bin", "python3")

/** A PostgreSQL 18 with all its programs, as a package of Python's (see scripts/setup-tests.ts). Not in the repository. */
export const postgresPackage = join(import.meta.dirname, "postgres")
export const upgradeBinaries = join(postgresPackage, "embedded_postgres", "pginstall", "bin")

/** Debian's Prometheus, with the tools beside it. */
export const prometheusServer = "/usr/bin/prometheus"
/** And its Alertmanager. */
export const alertmanagerServer = "/usr/bin/prometheus-alertmanager"

interface Need {
  readonly isMet: () => boolean
  /** What brings it; empty for what only the machine's owner can grant. */
  readonly packages: ReadonlyArray<string>
}

const files =
  (...paths: ReadonlyArray<string>) =>
  () =>
    paths.every(existsSync)

/** A small disk needs root, and a container may forbid it all the same. */
const mayMount = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "walstream-mount-"))
  const run = (command: string, ...args: ReadonlyArray<string>) =>
    spawnSync(command, [...args, folder], { stdio: "ignore" }).status === 0
  try {
    return run("mount", "-t", "tmpfs", "-o", "size=1m", "walstream-test") && run("umount", "-l")
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What some suites need beyond npm. */
export const capabilities = {
  "postgresql-15": {
    isMet: files(`${debianBinaries}/postgres`, `${debianBinaries}/pgbench`),
    packages: ["postgresql-15"]
  },
  wal2json: {
    isMet: files("/usr/lib/postgresql/15/lib/wal2json.so", `${debianBinaries}/postgres`),
    packages: ["postgresql-15-wal2json"]
  },
  redis: {
    isMet: () => process.env[redisAddress] !== undefined || existsSync(redisServer),
    packages: ["redis-server"]
  },
  /** One that tests may kill and freeze. */
  "redis-server": { isMet: files(redisServer), packages: ["redis-server"] },
  /** A locale whose money looks different, for hostile defaults. */
  "german locale": {
    isMet: files("/usr/share/i18n/locales/de_DE", "/usr/lib/locale/locale-archive"),
    packages: ["locales"]
  },
  kafka: {
    isMet: files("/usr/bin/java", join(kafkaJars, "kafka_2.13-4.4.0.jar")),
    packages: ["openjdk-17-jdk-headless", "maven"]
  },
  prometheus: {
    isMet: files(prometheusServer, alertmanagerServer, "/usr/bin/promtool", "/usr/bin/amtool"),
    packages: ["prometheus", "prometheus-alertmanager"]
  },
  "python kafka client": {
    isMet: () =>
      existsSync(pythonWithKafka) &&
      spawnSync(pythonWithKafka, ["-c", "import confluent_kafka"], { stdio: "ignore" }).status === 0,
    packages: ["python3-venv"]
  },
  pg_upgrade: { isMet: files(join(upgradeBinaries, "pg_upgrade")), packages: ["python3-venv"] },
  chromium: { isMet: files("/usr/bin/chromium"), packages: ["chromium"] },
  "the right to mount": { isMet: mayMount, packages: [] }
} as const satisfies Readonly<Record<string, Need>>
export type Capability = keyof typeof capabilities

export const isAvailable = (name: Capability): boolean => capabilities[name].isMet()

export const isInstallable = (name: Capability): boolean => capabilities[name].packages.length > 0

export const missingCapabilities = (): ReadonlyArray<Capability> => {
  const names: ReadonlyArray<Capability> = [
    "postgresql-15",
    "wal2json",
    "german locale",
    "redis",
    "redis-server",
    "kafka",
    "prometheus",
    "python kafka client",
    "pg_upgrade",
    "chromium",
    "the right to mount"
  ]
  return names.filter((name) => !isAvailable(name))
}
