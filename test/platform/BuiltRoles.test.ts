import { execFile } from "node:child_process"
import { cp, mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect, type Redacted } from "effect"
import { version } from "../../src/main/Version.ts"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { follow, until } from "../faults/Scene.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { makePlatform } from "./Platform.ts"
import { type Program, sources } from "./RoleProcess.ts"

const execute = promisify(execFile)

const commit = "0123456789ab"

/** What the image's steps make of the repository, in a folder of its own. */
const build = Effect.acquireRelease(
  Effect.promise(async (): Promise<Program> => {
    const folder = await mkdtemp(join(tmpdir(), "walstream-built-"))
    for (const name of [
      "src",
      "migrations",
      "scripts",
      "ui",
      "package.json",
      "tsconfig.json",
      "tsconfig.build.json"
    ])
      await cp(join(sources.folder, name), join(folder, name), { recursive: true })
    await symlink(join(sources.folder, "node_modules"), join(folder, "node_modules"))
    await execute("npm", ["run", "build"], { cwd: folder, env: { ...process.env, COMMIT: commit } })
    // The image has none.
    await rm(join(folder, "src"), { recursive: true })
    return { folder, file: (name) => `dist/src/main/${name}.js` }
  }),
  ({ folder }) => Effect.promise(() => rm(folder, { recursive: true, force: true }))
)

const table = (url: Redacted.Redacted) =>
  Effect.scoped(
    Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) =>
      session.script("CREATE TABLE public.t (id int PRIMARY KEY, word text)")
    )
  )

describeWith("kafka", "the build", () => {
  describeWith("redis-server", "on real servers", () => {
    it.live(
      "runs: every role is ready, the page is there, and a change comes through",
      () =>
        Effect.gen(function* () {
          const program = yield* build
          const platform = yield* makePlatform({ prepare: table, program })
          for (const { start } of platform.processes.values()) yield* start
          yield* Effect.onError(
            Effect.gen(function* () {
              yield* platform.ready
              const api = yield* platform.api
              const page = yield* Effect.promise(() => fetch(platform.pageUrl))
              assert.strictEqual(page.status, 200)
              for (const name of platform.processes.keys()) {
                const told = yield* Effect.promise(async () =>
                  (await fetch(new URL("/version", platform.metricsOf(name)))).text()
                )
                assert.include(told, `"${version}+${commit}"`, name)
              }
              const job = yield* follow(api)
              const source = yield* connectPg({ url: platform.sourceUrl, applicationName: "test" })
              yield* source.script("INSERT INTO public.t VALUES (1, 'one')")
              const target = yield* connectPg({ url: platform.targetUrl, applicationName: "test" })
              yield* until(
                "the change is at the target",
                Effect.map(target.query("SELECT word FROM public.t"), ([row]) => row?.["word"] === "one")
              )
              assert.isNull((yield* api.job(job.id)).error)
              for (const [name, { stop, ownEnds }] of platform.processes) {
                assert.deepStrictEqual(ownEnds(), [], name)
                assert.strictEqual(yield* stop, 0, name)
              }
            }),
            () => platform.tellLogs
          )
        }).pipe(Effect.scoped),
      { timeout: 180_000, retry: 0 }
    )
  })
})
