import { assert } from "@effect/vitest"
import type { ReceivedSpan } from "../servers/TestCollector.ts"

const chain = ["capture", "archive append", "apply", "replayer apply"] as const
const services = ["walstream-ingestor", "walstream-ingestor", "walstream-worker", "walstream-replayer"]

/** The spans of each transaction that came as far as the target, in the order of the chain. */
export const wholeTraces = (
  spans: ReadonlyArray<ReceivedSpan>
): ReadonlyArray<ReadonlyArray<ReceivedSpan>> => {
  const byTrace = Map.groupBy(spans, ({ traceId }) => traceId)
  return Array.from(byTrace.values(), (trace) =>
    chain.flatMap((name) => trace.filter((span) => span.name === name))
  ).filter((trace) => trace.length === chain.length)
}

/** Each span is part of the one before, in the process that does it, and begins no earlier. */
export const assertChain = (trace: ReadonlyArray<ReceivedSpan>): void => {
  assert.deepStrictEqual(
    trace.map(({ name }) => name),
    Array.from(chain)
  )
  assert.deepStrictEqual(
    trace.map(({ service }) => service),
    services
  )
  for (const [i, { parentId, begun, ended, failed }] of trace.entries()) {
    assert.strictEqual(parentId, trace[i - 1]?.spanId)
    assert.isUndefined(failed)
    assert.isTrue(begun <= ended)
    assert.isTrue((trace[i - 1]?.begun ?? 0n) <= begun)
  }
  // The replayer's work is a part of the worker's call.
  const [, , applied, replayed] = trace
  assert.isTrue((replayed?.ended ?? 0n) <= (applied?.ended ?? 0n))
  assert.strictEqual(new Set(trace.map(({ attributes }) => attributes["walstream.seq"])).size, 1)
}
