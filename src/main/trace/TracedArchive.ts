import { Clock, Effect, Layer } from "effect"
import { formatLsn } from "../../domain/Lsn.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import { Archive } from "../../log/Archive.ts"
import { historyName } from "../../replay/HistoryName.ts"
import { isChosen } from "../../runtime/trace/TraceIds.ts"
import type { Tracer } from "../../runtime/trace/Tracing.ts"
import { transactionTrace } from "./TransactionTrace.ts"

/** Both spans of a transaction until the archive has it: `capture` since its commit, by the source's clock, and the append. */
const recordAppend = (
  { record }: Tracer,
  history: string,
  { seq, commit }: ArchivedChunk,
  begun: number,
  ended: number
): void => {
  const ids = transactionTrace(history, seq)
  const attributes = {
    "walstream.history": history,
    "walstream.seq": seq,
    "walstream.xid": commit.xid,
    "walstream.commit_lsn": formatLsn(commit.commitLsn),
    "walstream.changes": commit.count
  }
  const common = { traceId: ids.traceId, attributes, failed: null }
  const committed = Math.min(commit.commitTime / 1000, begun)
  record({
    ...common,
    spanId: ids.capture,
    parentId: null,
    name: "capture",
    kind: "internal",
    begun: committed,
    ended: begun
  })
  record({
    ...common,
    spanId: ids.append,
    parentId: ids.capture,
    name: "archive append",
    kind: "producer",
    begun,
    ended
  })
}

/** An archive whose writer records the chosen transactions. */
export const tracedArchive = (tracer: Tracer, source: string): Layer.Layer<Archive, never, Archive> =>
  Layer.effect(
    Archive,
    Effect.map(Archive, (archive) => ({
      ...archive,
      append: (chunks) => {
        const chosen = chunks.filter(({ last, seq }) => last && isChosen(seq, tracer.ratio))
        if (chosen.length === 0) return archive.append(chunks)
        return Effect.gen(function* () {
          const begun = yield* Clock.currentTimeMillis
          yield* archive.append(chunks)
          const ended = yield* Clock.currentTimeMillis
          const history = historyName(source, yield* archive.incarnations)
          for (const chunk of chosen) recordAppend(tracer, history, chunk, begun, ended)
        })
      }
    }))
  )
