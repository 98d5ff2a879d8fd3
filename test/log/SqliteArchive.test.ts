import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer, Stream } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { SqliteArchive, type SqliteArchiveOptions } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { archiveConformance } from "./ArchiveConformance.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-log-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

const archiveAt = (options: Partial<SqliteArchiveOptions> & { readonly file: string }) =>
  SqliteArchive.layer({ source: "shop", ...options }).pipe(Layer.provide(Layer.fresh(ActorSystem.layer)))

archiveConformance(
  "SqliteArchive",
  Effect.map(directory, (path) => {
    const file = join(path, "log.db")
    return {
      layer: () => archiveAt({ file }),
      expire: Archive.use(({ coverageChanges }) =>
        coverageChanges.pipe(
          Stream.takeUntil(({ firstSeq }) => firstSeq > 1),
          Stream.runDrain
        )
      ).pipe(Effect.provide(archiveAt({ file, retention: { maxBytes: 20_000 } }), { local: true }))
    }
  })
)
