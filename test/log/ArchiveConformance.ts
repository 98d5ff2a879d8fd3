import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, type Scope, Stream } from "effect"
import type { Position } from "../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import type { LogError, LogErrorReason } from "../../src/log/LogError.ts"
import { archiveAppendTests } from "./ArchiveAppendTests.ts"
import { archiveLogTimeTests } from "./ArchiveLogTimeTests.ts"
import { archiveReadTests } from "./ArchiveReadTests.ts"
import { archiveStoryTests } from "./ArchiveStoryTests.ts"
import { RandomLog, randomIncarnation } from "./RandomLog.ts"

/** One store, empty at first. */
export interface ArchiveStore {
  /** The archive over it, built for one life at a time: to build it again is to open the store again. */
  readonly layer: Layer.Layer<Archive, LogError>
  /** Lets retention remove some of the oldest transactions but not all. Called while the archive is closed. */
  readonly expire: Effect.Effect<void, LogError>
}

export type OpenArchive = Archive["Service"]

/** How the groups of tests get at a store. */
export interface ArchiveTests {
  readonly fresh: Effect.Effect<ArchiveStore, never, Scope.Scope>
  /** Opens the store, uses it, closes it. */
  readonly opened: <A, E>(
    store: ArchiveStore,
    use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
  ) => Effect.Effect<A, E | LogError>
  /** A test on an empty archive whose first incarnation has begun. */
  readonly begun: (
    title: string,
    use: (archive: OpenArchive, log: RandomLog) => Effect.Effect<unknown, unknown, Scope.Scope>
  ) => void
}

/**
 * What every archive must do, whatever it stores in. `fresh` makes a new store each time, which its scope removes.
 */
export const archiveConformance = (
  name: string,
  fresh: Effect.Effect<ArchiveStore, never, Scope.Scope>
): void => {
  const opened: ArchiveTests["opened"] = (store, use) =>
    Effect.scoped(Archive.use(use)).pipe(Effect.provide(store.layer, { local: true }))
  const begun: ArchiveTests["begun"] = (title, use) => {
    it.effect(title, () =>
      Effect.gen(function* () {
        const store = yield* fresh
        yield* opened(store, (archive) =>
          archive
            .beginIncarnation(randomIncarnation())
            .pipe(Effect.andThen(use(archive, new RandomLog({ seed: 7 }))))
        )
      })
    )
  }
  const tests: ArchiveTests = { fresh, opened, begun }
  describe(name, () => {
    archiveAppendTests(tests)
    archiveReadTests(tests)
    archiveLogTimeTests(tests)
    archiveStoryTests(tests)
  })
}

/** All chunks of a closed range. */
export const readRange = (archive: OpenArchive, from: Position, end: number) =>
  archive.read(from, end).pipe(
    Stream.runCollect,
    Effect.map((pages): ReadonlyArray<ArchivedChunk> => pages.flat())
  )

/** Asserts that it fails for this reason, and gives it. */
export const failure = <Tag extends LogErrorReason["_tag"]>(
  tag: Tag,
  effect: Effect.Effect<unknown, LogError, Scope.Scope>
) =>
  Effect.map(Effect.flip(effect), ({ reason }) => {
    assert.strictEqual(reason._tag, tag)
    return reason
  })
