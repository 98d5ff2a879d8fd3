import { join } from "node:path"
import { type Context, Effect, Layer, type Redacted, Schedule } from "effect"
import { parseLsn } from "../src/domain/Lsn.ts"
import { Ingestor } from "../src/ingest/Ingestor.ts"
import { IngestState } from "../src/ingest/IngestState.ts"
import { LiveBufferMemory } from "../src/log/LiveBufferMemory.ts"
import { SqliteArchive } from "../src/log/SqliteArchive.ts"
import { ActorSystem } from "../src/runtime/ActorSystem.ts"
import {
  type Backlog,
  copySlot,
  dropSlot,
  makeBacklog,
  makeBenchServer,
  publication,
  runRecvlogical,
  session,
  temporaryFolder
} from "./Backlog.ts"
import { median, moreIsBetter, worstOf } from "./BenchResult.ts"

const mebibyte = 1024 * 1024

/** Capture into whatever stores are given. */
export const ingestorLayer = (url: Redacted.Redacted, slot: string, folder: string) =>
  Ingestor.layer({
    url,
    sourceId: "bench",
    slot,
    publication,
    plugin: "pgoutput",
    captureNewTables: "watch",
    spillDirectory: join(folder, "spill")
  })

/** Capture as the embedded shape does it, into a new archive. */
export const captureLayer = (url: Redacted.Redacted, slot: string, folder: string) =>
  ingestorLayer(url, slot, folder).pipe(
    Layer.provideMerge(
      Layer.mergeAll(
        SqliteArchive.layer({ file: join(folder, "archive.sqlite"), source: "bench" }),
        LiveBufferMemory.layer({ maxChanges: 100_000, maxBytes: 64 * mebibyte })
      )
    ),
    Layer.provideMerge(ActorSystem.layer)
  )

/** Waits until the archive has all of the backlog, durable. */
export const captured = (backlog: Pick<Backlog, "end">) =>
  Effect.gen(function* () {
    const state = yield* IngestState
    const end = parseLsn(backlog.end) ?? 0n
    yield* state.figures.pipe(
      Effect.repeat({ until: ({ frontier }) => frontier >= end, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("10 minutes")
    )
  })

/** Seconds from attaching until all is durable in the archive, marked and confirmed to PostgreSQL. */
const runOurs = Effect.fnUntraced(function* (url: Redacted.Redacted, slot: string, backlog: Backlog) {
  const folder = yield* temporaryFolder
  const started = performance.now()
  yield* Effect.scoped(
    Effect.flatMap(Layer.build(captureLayer(url, slot, folder)), (context) =>
      Effect.provideContext(captured(backlog), context as Context.Context<IngestState>)
    )
  )
  return (performance.now() - started) / 1000
}, Effect.scoped)

/** `npm run bench -- capture [CHANGES] [ROUNDS]`: the same backlog, in turns. */
export const run = ([changes = "500000", rounds = "3"]: ReadonlyArray<string>) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const server = yield* makeBenchServer()
        const cases = []
        for (const perTransaction of [1, 10, 1000]) {
          const database = `tx${perTransaction}`
          const backlog = yield* makeBacklog(server, database, Number(changes), perTransaction)
          const source = yield* session(server, database)
          const ours: Array<number> = []
          const theirs: Array<number> = []
          for (let round = 0; round < Number(rounds); round++) {
            theirs.push(backlog.changes / (yield* runRecvlogical(server, database, backlog)))
            const slot = `ours_${round}`
            yield* copySlot(source, backlog, slot)
            ours.push(backlog.changes / (yield* runOurs(server.url(database), slot, backlog)))
            yield* dropSlot(source, slot)
          }
          cases.push(moreIsBetter(`transactions of ${perTransaction}`, median(ours), median(theirs)))
        }
        return worstOf("capture", "changes/s", cases)
      })
    )
  )
