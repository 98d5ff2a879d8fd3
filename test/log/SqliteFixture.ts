import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import type { LogFileOptions } from "../../src/log/sqlite/LogFile.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

/** A directory that goes with its scope. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-log-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true }))
)

/** The archive of source `shop` in this file, under an actor system of its own. */
export const archiveAt = (options: Partial<LogFileOptions> & { readonly file: string }) =>
  SqliteArchive.layer({ source: "shop", ...options }).pipe(Layer.provide(Layer.fresh(ActorSystem.layer)))
