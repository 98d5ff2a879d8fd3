import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { rm, statfs, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import { parseLsn } from "../../src/domain/Lsn.ts"
import { Ingestor } from "../../src/ingest/Ingestor.ts"
import { IngestState } from "../../src/ingest/IngestState.ts"
import { Archive } from "../../src/log/Archive.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { swallowingBuffer } from "../ingest/RecordingArchive.ts"
import { awaitPhase, makeDatabase, SourceServer, slotOf, until } from "../ingest/TestSource.ts"
import { describeWith } from "../servers/DescribeWith.ts"
import { auditArchive } from "./ArchiveAudit.ts"

/** A disk of its own, in memory. */
const smallDisk = Effect.acquireRelease(
  Effect.sync(() => {
    const folder = mkdtempSync(join(tmpdir(), "walstream-disk-"))
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=48m", "walstream-test", folder], { stdio: "ignore" })
    return folder
  }),
  (folder) =>
    Effect.sync(() => {
      execFileSync("umount", ["-l", folder], { stdio: "ignore" })
      rmSync(folder, { recursive: true, force: true })
    })
)

/** Takes all of a disk but so many bytes. */
const fill = async (folder: string, free: number) => {
  const { bavail, bsize } = await statfs(folder)
  const ballast = join(folder, "ballast")
  await writeFile(ballast, Buffer.alloc(bavail * bsize - free))
  return ballast
}

describeWith("the right to mount", "a full disk under the archive", () => {
  it.live(
    "holds capture up, says so, and loses nothing",
    () =>
      Effect.gen(function* () {
        const disk = yield* smallDisk
        const file = join(disk, "archive.sqlite")
        const { session, options } = yield* makeDatabase
        yield* session.script("CREATE TABLE public.t (id int PRIMARY KEY, v text)")
        yield* Effect.scoped(
          Effect.gen(function* () {
            const services = yield* Layer.build(
              Ingestor.layer(options).pipe(
                Layer.provide(swallowingBuffer),
                Layer.provideMerge(SqliteArchive.layer({ file, source: options.sourceId })),
                Layer.provideMerge(ActorSystem.layer)
              )
            )
            const state = Context.get(services, IngestState)
            const { coverage } = Context.get(services, Archive)
            yield* awaitPhase(state, "Capturing")
            const ballast = yield* Effect.promise(() => fill(disk, 2_000_000))

            // Texts that do not compress: 100 transactions of 100 kB each.
            for (let from = 1; from <= 100; from++) {
              yield* session.script(`INSERT INTO public.t SELECT ${from} * 100 + n, (
                SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 160) WHERE n IS NOT NULL
              ) FROM generate_series(0, 19) AS n`)
            }
            const blocked = yield* awaitPhase(state, "Blocked")
            assert.include(blocked._tag === "Blocked" ? blocked.message : "", `no room left: ${file}`)
            assert.include(blocked._tag === "Blocked" ? blocked.fix : "", "make room on its disk")
            const held = yield* coverage
            assert.isBelow(held.nextSeq, 101)
            const { confirmed } = yield* slotOf(session, options.slot)
            const [row] = yield* session.query("SELECT pg_current_wal_lsn() AS lsn")
            assert.isTrue((parseLsn(confirmed ?? "") ?? 0n) < (parseLsn(row?.["lsn"] ?? "") ?? 0n))

            yield* Effect.promise(() => rm(ballast))
            yield* awaitPhase(state, "Capturing")
            yield* until(coverage, ({ nextSeq }) => nextSeq === 101)
          })
        )
        const audit = yield* auditArchive(file, options.sourceId)
        assert.deepStrictEqual(audit, { transactions: 100, changes: 2000, faults: [] })
      }).pipe(Effect.scoped, Effect.provide(SourceServer.layer)),
    { timeout: 60_000 }
  )
})
