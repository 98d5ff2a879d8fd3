import { Context, Effect, Layer, Stream } from "effect"
import { origin } from "../../src/domain/Position.ts"
import { Archive } from "../../src/log/Archive.ts"
import { SqliteArchive } from "../../src/log/SqliteArchive.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"

export interface ArchiveAudit {
  readonly transactions: number
  readonly changes: number
  /** What must not be: holes, repeats, an order that is not the source's. */
  readonly faults: ReadonlyArray<string>
}

/** Reads a whole log and says what is wrong with its numbering. */
export const auditLog = (archive: Archive["Service"]) =>
  Effect.gen(function* () {
    const { firstSeq, nextSeq } = yield* archive.coverage
    const faults: Array<string> = firstSeq === 1 ? [] : [`begins at ${firstSeq}`]
    let [seq, ordinal, changes, lsn] = [1, 0, 0, 0n]
    yield* archive.read(origin, nextSeq).pipe(
      Stream.runForEach((page) =>
        Effect.sync(() => {
          for (const chunk of page) {
            if (chunk.seq !== seq || chunk.firstOrdinal !== ordinal) {
              faults.push(`${chunk.seq}:${chunk.firstOrdinal} where ${seq}:${ordinal} was due`)
            }
            if (chunk.firstOrdinal === 0) {
              if (chunk.commit.commitLsn <= lsn) faults.push(`${chunk.seq} has no later commit LSN`)
              lsn = chunk.commit.commitLsn
            }
            changes += chunk.changes.length
            ordinal = chunk.firstOrdinal + chunk.changes.length
            seq = chunk.seq
            if (!chunk.last) continue
            if (ordinal !== chunk.commit.count)
              faults.push(`${seq} has ${ordinal} changes of ${chunk.commit.count}`)
            seq += 1
            ordinal = 0
          }
        })
      )
    )
    if (seq !== nextSeq) faults.push(`ends at ${seq} where coverage says ${nextSeq}`)
    return { transactions: seq - 1, changes, faults } satisfies ArchiveAudit
  })

/** The same for an embedded archive, while no process has it. */
export const auditArchive = (file: string, source: string) =>
  Effect.flatMap(
    Layer.build(SqliteArchive.layer({ file, source }).pipe(Layer.provide(ActorSystem.layer))),
    (services) => auditLog(Context.get(services, Archive))
  ).pipe(Effect.scoped)
