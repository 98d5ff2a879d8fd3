import { execFile } from "node:child_process"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { OpenApi } from "effect/http-api"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { Users } from "../../src/control/auth/Users.ts"
import { stopped } from "./ContractCases.ts"
import { apiLayer, baseUrl, trouble } from "./TestApi.ts"

const run = promisify(execFile)
const texts = await Promise.all(
  ["api", "live"].map((page) => readFile(new URL(`../../docs/${page}.md`, import.meta.url), "utf8"))
)
const examples = texts.flatMap((text) =>
  [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gmu)].map(([, block = ""]) => block)
)

/** `curl` that fails for an error's status, a `jq` that knows paths and an `oathtool` that knows one way, for machines without one. */
const appCode = new URL("./AppCode.ts", import.meta.url).href
const prelude = `set -euo pipefail
curl() { command curl --fail-with-body -S "$@"; }
jq() { node -e 'let t="";process.stdin.on("data",d=>t+=d).on("end",()=>{const v=process.argv[1].split(/[.[\\]]+/).filter(Boolean).reduce((o,k)=>o[k],JSON.parse(t));if(v==null)process.exit(5);console.log(v)})' -- "$2"; }
oathtool() { node --disable-warning=ExperimentalWarning -e 'import(process.argv[1]).then(({appCode})=>console.log(appCode(process.argv[2])))' -- ${appCode} "$3"; }
`

layer(apiLayer("examples", { auth: { isOpen: true, cookie: "auto" } }), {
  timeout: "60 seconds",
  excludeTestServices: true
})("docs/api.md and docs/live.md", (it) => {
  it("has an example of every request", () => {
    const shown = examples.join("\n").replaceAll("\\\n", " ")
    for (const [path, methods] of Object.entries(OpenApi.fromApi(WalstreamApi).paths)) {
      for (const method of Object.keys(methods)) {
        const place = path.replace("/api/v1", "").replace(/\{\w+\}/gu, "\\$\\w+")
        const lines = shown
          .split("\n")
          .filter((line) => new RegExp(`\\$API${place}(?:[?" ]|$)`, "u").test(line))
        const verb = (line: string) => /-X (\w+)/u.exec(line)?.[1] ?? (/ -d /u.test(line) ? "POST" : "GET")
        assert.include(lines.map(verb), method.toUpperCase(), `${method} ${path}`)
      }
    }
  })

  it.effect(
    "runs as it stands",
    () =>
      Effect.gen(function* () {
        const users = yield* Users
        const sql = yield* PgClient.PgClient
        yield* users.bootstrap("admin", Redacted.make("pass&word of this test"))
        const [failed] = yield* sql<{ readonly id: string }>`
        INSERT INTO jobs (target, status, dry_run, dedupe, on_mismatch, follow, strict_source)
        VALUES ('default', 'queued', false, 'target', 'converge', false, false) RETURNING id::text`
        yield* sql`UPDATE jobs SET status = 'failed', error_code = 'rejected', error_message = 'said why',
        error_position = '0000000000000200-0000000001' WHERE id = ${failed?.id ?? ""}`
        const folder = yield* Effect.acquireRelease(
          Effect.promise(() => mkdtemp(join(tmpdir(), "walstream-examples-"))),
          (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
        )
        const state = join(folder, "state.sh")
        yield* Effect.promise(() => writeFile(state, ""))
        const env = {
          PATH: process.env["PATH"],
          API: `${yield* baseUrl}/api/v1`,
          ADMIN_USERNAME: "admin",
          ADMIN_PASSWORD: "pass&word of this test",
          NEW_PASSWORD: "pass&word of this test",
          FAILED_JOB: failed?.id
        }
        for (const example of examples) {
          trouble.current = example.includes("accept-gap") ? stopped : {}
          const script = `${prelude}. ${state}\n${example}\ndeclare -p API TOKEN JOB 2>/dev/null > ${state} || true\n`
          const ran = yield* Effect.promise(() =>
            run("bash", ["-c", script], { env, cwd: folder }).then(
              () => null,
              (error: { readonly stdout: string; readonly stderr: string }) =>
                `${error.stdout} ${error.stderr}`
            )
          )
          assert.isNull(ran, example)
        }
        assert.isAbove(examples.length, 20)
      }).pipe(
        Effect.scoped,
        Effect.ensuring(
          Effect.sync(() => {
            trouble.current = {}
          })
        )
      ),
    // Each example is a shell with programs of its own.
    120_000
  )
})
