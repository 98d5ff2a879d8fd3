import { execFile } from "node:child_process"
import { cp, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Effect, Redacted, Schedule } from "effect"
import { freePort } from "../../src/postgres/EmbeddedPostgres.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { startWalStream } from "../faults/WalStreamProcess.ts"
import { run } from "../main/cli/RunCli.ts"
import { makeRoleProcess } from "../platform/RoleProcess.ts"
import { upgradeBinaries } from "../servers/Capability.ts"
import { makeTestPostgres } from "../servers/TestPostgres.ts"
import { repository } from "./Documents.ts"

/**
 * What stands in for the reader's own: addresses of the documentation mean this system's, and a `jq` that knows paths,
 * for machines without one. What runs for ever is ended once it has said something.
 */
const prelude = `set -euo pipefail
there() { local word=$1
  word=\${word//localhost:8000/$API_AT}
  for host in 127.0.0.1:9090 INGESTOR:9090 CONTROL:9091; do word=\${word//$host/127.0.0.1:$PROBES}; done
  printf %s "$word"; }
curl() { local words=(); for word in "$@"; do words+=("$(there "$word")"); done; command curl --fail-with-body -S "\${words[@]}"; }
jq() { node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const v=process.argv[1].split(/[.[\\]]+/).filter(Boolean).reduce((o,k)=>o[k],JSON.parse(t));if(v==null)process.exit(5);console.log(v)})' -- "$2"; }
npx() { local program=$1; shift; local words=(); for word in "$@"; do words+=("\${word/#9090/$PROBES}"); done
  case "$program $*" in
    "walstream events tail") timeout 20 node "$REPOSITORY/bin/walstream.js" events tail | head -n 1 | grep . ;;
    *) "$program" "\${words[@]}" ;;
  esac; }
walstream() { node "$REPOSITORY/bin/walstream.js" "$@"; }
`

/** `npm start`'s demo, a replayer for what roles answer at their port for probes, and a quiet server with a slot. */
export const makeDemoSystem = Effect.gen(function* () {
  const dataDir = yield* Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-docs-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
  )
  // Commands that change a file of the repository change this copy.
  yield* Effect.promise(() =>
    cp(join(repository, "monitoring"), join(dataDir, "monitoring"), { recursive: true })
  )
  const demo = yield* startWalStream({ dataDir, env: {} })
  const own = yield* makeTestPostgres()
  const shop = yield* own.createDatabase("shop")
  const probes = yield* freePort
  const replayer = yield* makeRoleProcess("replayer", {
    TARGET_URL: Redacted.value(shop),
    REPLAYER_PORT: String(yield* freePort),
    METRICS_PORT: String(probes)
  })
  yield* replayer.start
  const atShop = yield* connectPg({ url: shop, applicationName: "test" })
  yield* atShop.script(
    "CREATE TABLE public.orders (id int PRIMARY KEY); CREATE ROLE shop_owner; CREATE PUBLICATION walstream_publication FOR ALL TABLES"
  )
  yield* atShop.query("SELECT pg_create_logical_replication_slot('walstream_slot', 'pgoutput')")

  const api = yield* demo.ready
  const contact: { readonly url: string } = JSON.parse(
    yield* Effect.promise(() => readFile(join(dataDir, "walstream.json"), "utf8"))
  )
  const password = yield* Effect.promise(() => readFile(join(dataDir, "admin.password"), "utf8"))
  const home = join(dataDir, "postgres")
  const port = (yield* Effect.promise(() => readFile(join(home, "data", "postmaster.pid"), "utf8"))).split(
    "\n"
  )[3]
  const secret = yield* Effect.promise(() => readFile(join(home, "password"), "utf8"))
  const demoDatabase = (name: string) =>
    Redacted.make(`postgres://postgres:${secret}@127.0.0.1:${port}/${name}`)
  const control = demoDatabase("walstream")

  const env = {
    PATH: `${upgradeBinaries}:${join(repository, "node_modules/.bin")}:${process.env["PATH"]}`,
    HOME: process.env["HOME"],
    NODE_COMPILE_CACHE: join(repository, "node_modules/.cache/walstream"),
    REPOSITORY: repository,
    DATA_DIR: dataDir,
    API_AT: new URL(contact.url).host,
    PROBES: String(probes),
    SOURCE_URL: Redacted.value(shop)
  }
  /** What a shell says of it; dies with its words where it fails. */
  const shell = (text: string, more: Readonly<Record<string, string>> = {}) =>
    Effect.promise(() =>
      promisify(execFile)("bash", ["-c", prelude + text], {
        env: { ...env, ...more },
        cwd: dataDir,
        timeout: 120_000
      }).then(
        ({ stdout }) => ({ ok: true, said: stdout }),
        (error: { readonly stdout: string; readonly stderr: string }) => ({
          ok: false,
          said: `${error.stdout} ${error.stderr}`
        })
      )
    )

  /** The same of one command of ours, without a shell and a process for it. */
  const cli = (text: string, more: Readonly<Record<string, string>> = {}) =>
    run({ DATA_DIR: dataDir, ...more }, text.replace("9090", String(probes)).split(" ").slice(2)).pipe(
      Effect.map(({ code, error, text: said }) => ({ ok: code === 0, said: `${said} ${error}` }))
    )

  /** A job that a target has rejected a change of: what runbooks are about. The newest one. */
  const failJob = Effect.scoped(
    Effect.gen(function* () {
      const session = yield* connectPg({ url: control, applicationName: "test" })
      const id = crypto.randomUUID()
      // In one transaction: no worker takes it in between.
      yield* session.script(`
        SET search_path = public;
        INSERT INTO jobs (id, target, status, dry_run, dedupe, on_mismatch, follow, strict_source)
        VALUES ('${id}', 'default', 'queued', true, 'target', 'converge', false, false);
        UPDATE jobs SET status = 'failed', error_code = 'rejected', error_message = 'said why',
          error_position = '0000000000000200-0000000001' WHERE id = '${id}'`)
    })
  )

  /** Capture of the demo stands before a hole: somebody has dropped its slot. */
  const loseSlot = Effect.gen(function* () {
    // Behind a hole that was accepted a moment ago: until the next life runs, that acceptance holds for this one, too.
    yield* api.source.pipe(
      Effect.repeat({ until: ({ phase }) => phase === "capturing", schedule: Schedule.spaced("100 millis") })
    )
    const session = yield* connectPg({ url: demoDatabase("postgres"), applicationName: "test" })
    const drop = session.query("SELECT pg_drop_replication_slot('walstream_slot')")
    yield* session
      .query(
        "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'walstream_slot'"
      )
      .pipe(Effect.andThen(drop), Effect.retry(Schedule.spaced("50 millis")))
    yield* api.source.pipe(
      Effect.repeat({ until: ({ gap }) => gap !== null, schedule: Schedule.spaced("100 millis") })
    )
  }).pipe(Effect.scoped)

  return { shell, cli, failJob, loseSlot, password, databaseUrl: Redacted.value(control), demo } as const
})
