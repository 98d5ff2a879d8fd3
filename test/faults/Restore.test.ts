import { execFile } from "node:child_process"
import { copyFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { backup, DatabaseSync } from "node:sqlite"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"
import { debianBinaries } from "../servers/Capability.ts"
import { assertSameDatabases } from "../servers/CompareDatabases.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import type { TestPostgres } from "../servers/TestPostgres.ts"
import { follow, makeScene, until } from "./Scene.ts"

const run = promisify(execFile)

const statement = (url: Redacted.Redacted, sql: string) =>
  Effect.scoped(Effect.flatMap(connectPg({ url, applicationName: "test" }), (session) => session.script(sql)))

const insert = (url: Redacted.Redacted, from: number, to: number) =>
  Effect.forEach(
    Array.from({ length: to - from + 1 }, (_, i) => from + i),
    (id) => statement(url, `INSERT INTO public.t VALUES (${id})`),
    { discard: true }
  )

const dump = (url: Redacted.Redacted, file: string, ...more: ReadonlyArray<string>) =>
  Effect.promise(() =>
    run(join(debianBinaries, "pg_dump"), [
      "--no-publications",
      ...more,
      `--file=${file}`,
      Redacted.value(url)
    ])
  )

/** The database anew, from a dump. */
const restore = Effect.fnUntraced(function* (server: TestPostgres, name: string, file: string) {
  yield* statement(server.url("postgres"), `DROP DATABASE "${name}" WITH (FORCE)`)
  const url = yield* server.createDatabase(name)
  yield* Effect.promise(() =>
    run(join(debianBinaries, "psql"), [
      "--quiet",
      "--set=ON_ERROR_STOP=1",
      `--file=${file}`,
      Redacted.value(url)
    ])
  )
})

const makeTableScene = makeScene({
  binaries: debianBinaries,
  prepare: (url) => statement(url, "CREATE TABLE public.t (id int PRIMARY KEY)")
})

describeWith("postgresql-15", "control database and target, restored from a backup", () => {
  it.live(
    "are brought up to date by the job that was: the target's ledger says from where, not the job",
    () =>
      Effect.gen(function* () {
        const scene = yield* makeTableScene
        const file = (name: string) => join(scene.dataDir, name)
        const same = until(
          "the target is as the source",
          Effect.as(assertSameDatabases(scene.sourceUrl, scene.targetUrl), true)
        )
        const first = yield* scene.start
        const api = yield* first.ready
        const { id } = yield* follow(api)
        yield* insert(scene.sourceUrl, 1, 20)
        yield* scene.settled(api, id)
        yield* dump(scene.targetUrl, file("target.sql"))
        yield* dump(scene.controlUrl, file("control.sql"))
        yield* insert(scene.sourceUrl, 21, 40)
        yield* scene.settled(api, id)
        assert.strictEqual(yield* first.stop, 0, first.log())

        // The job believes that it is further back than it is, ...
        yield* restore(scene.source, "control", file("control.sql"))
        const second = yield* scene.start
        const again = yield* second.ready
        yield* insert(scene.sourceUrl, 41, 50)
        yield* scene.settled(again, id)
        yield* same
        assert.strictEqual(yield* second.stop, 0, second.log())

        // ... and then further on.
        yield* restore(scene.target, "shop", file("target.sql"))
        const third = yield* scene.start
        yield* third.ready
        yield* same
        assert.strictEqual(yield* third.stop, 0, third.log())
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )
})

describeWith("postgresql-15", "archive and control database, lost and restored from a backup", () => {
  it.live(
    "know what is missing, and what is captured then is not taken for what was lost",
    () =>
      Effect.gen(function* () {
        const scene = yield* makeTableScene
        const file = (name: string) => join(scene.dataDir, name)
        const first = yield* scene.start
        const before = yield* first.ready
        const { id } = yield* follow(before)
        yield* insert(scene.sourceUrl, 1, 30)
        yield* scene.settled(before, id)

        // The backup, while it runs.
        yield* dump(scene.controlUrl, file("control.sql"))
        yield* Effect.promise(async () => {
          const archive = new DatabaseSync(file("archive.sqlite"), { readOnly: true })
          await backup(archive, file("backup.sqlite"))
          archive.close()
        })
        yield* insert(scene.sourceUrl, 31, 50)
        yield* scene.settled(before, id)
        assert.strictEqual(yield* first.stop, 0, first.log())

        yield* Effect.promise(async () => {
          for (const end of ["", "-wal", "-shm"]) await rm(file(`archive.sqlite${end}`), { force: true })
          await copyFile(file("backup.sqlite"), file("archive.sqlite"))
        })
        yield* restore(scene.source, "control", file("control.sql"))
        const second = yield* scene.start
        const api = yield* second.ready
        yield* until(
          "the hole is named",
          Effect.map(api.source, ({ code }) => code === "hole")
        )
        const { gap, message } = yield* api.source
        assert.include(message, "changes committed in between are not in the log")

        yield* api.acceptGap(
          gap?.id ?? "",
          "the disk was lost; archive and control database are of last night"
        )
        yield* until(
          "the next life has begun",
          Effect.map(api.source, ({ phase }) => phase === "capturing")
        )
        // What is captured now has the numbers of what was lost, and the target knows those as applied.
        yield* insert(scene.sourceUrl, 51, 70)
        yield* until(
          "the job that was does not go on in another history",
          Effect.map(api.job(id), ({ error }) => error?.code === "history_replaced")
        )
        const { incarnations } = yield* api.coverage
        const next = yield* follow(api, { start_lsn: incarnations.at(-1)?.start_lsn })
        yield* scene.settled(api, next.id)
        assert.strictEqual((yield* api.job(next.id)).events_duplicate, 0)
        yield* assertSameDatabases(scene.sourceUrl, scene.targetUrl)
        assert.strictEqual(yield* second.stop, 0, second.log())
      }).pipe(Effect.scoped),
    { timeout: 120_000 }
  )
})
