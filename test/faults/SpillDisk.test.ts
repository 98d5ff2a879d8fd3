import { execFileSync } from "node:child_process"
import { mkdir, readdir } from "node:fs/promises"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { follow, makeScene, until } from "./Scene.ts"

const mount = (...args: ReadonlyArray<string>) => execFileSync("mount", args, { stdio: "ignore" })
const unmount = (directory: string) => execFileSync("umount", ["-l", directory], { stdio: "ignore" })

/** A disk with room for two megabytes beside the 256 that must stay free. */
const smallDisk = (directory: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      await mkdir(directory)
      mount("-t", "tmpfs", "-o", "size=258m", "tmpfs", directory)
    }),
    () => Effect.sync(() => unmount(directory))
  )

const table = `CREATE TABLE IF NOT EXISTS public.large (id int PRIMARY KEY, note text)`

describeWith("the right to mount", "with no room left where transactions are spilled", () => {
  it.live(
    "capture waits and says so, and loses nothing",
    () =>
      Effect.gen(function* () {
        const prepare = (url: Parameters<typeof connectPg>[0]["url"]) =>
          Effect.scoped(
            Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(table))
          )
        const scene = yield* makeScene({ prepare, env: { SPILL_MEMORY_BYTES: "1048576" } })
        const spill = join(scene.dataDir, "spill")
        yield* smallDisk(spill)
        const walstream = yield* scene.start
        const api = yield* walstream.ready
        const { id } = yield* follow(api)
        const source = yield* connectPg({ url: scene.sourceUrl, applicationName: "test" })
        yield* source.script(
          "INSERT INTO public.large SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 50000) i"
        )
        yield* until(
          "capture waits",
          Effect.map(api.source, ({ phase }) => phase === "blocked")
        )
        assert.match(walstream.log(), /capture waits for disk space.*must stay so/u)
        assert.strictEqual((yield* api.source).seq, 0)

        yield* Effect.sync(() => mount("-o", "remount,size=1g", spill))
        yield* source.script("INSERT INTO public.large VALUES (0, 'after it')")
        yield* scene.settled(api, id)
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
        assert.strictEqual((yield* api.source).phase, "capturing")
        assert.deepStrictEqual(yield* Effect.promise(() => readdir(spill)), [])
        assert.strictEqual(yield* walstream.stop, 0, walstream.log())
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )
})
