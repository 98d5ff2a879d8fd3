import { join } from "node:path"
import { Effect, Stream } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import { archiveConformance } from "./ArchiveConformance.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

archiveConformance(
  "SqliteArchive",
  Effect.map(temporaryDirectory, (path) => {
    const file = join(path, "log.db")
    return {
      layer: archiveAt({ file }),
      expire: Archive.use(({ coverageChanges }) =>
        coverageChanges.pipe(
          Stream.takeUntil(({ firstSeq }) => firstSeq > 1),
          Stream.runDrain
        )
      ).pipe(Effect.provide(archiveAt({ file, retention: { maxBytes: 20_000 } }), { local: true }))
    }
  })
)
