import { newSpanId, newTraceId } from "./TraceIds.ts"

/** W3C Trace Context, version 00: the trace goes on under the caller's id, and each request is a span of its own. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
  /** The caller's span; null where the trace begins here. */
  readonly parentId: string | null
  /** Whether its spans are kept: the caller's decision, or ours where the trace begins here. */
  readonly isKept: boolean
  /** What this request is called in the trace. */
  readonly traceparent: string
}

const shape = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/u

const sampledFlag = 1

/** Anything but a well-formed header begins a trace of its own, of which so many (0 to 1) are kept. */
export const traceOf = (given: string | undefined, ratio = 0): TraceContext => {
  const [, traceId = newTraceId(), parentId = null, flags] = shape.exec(given ?? "") ?? []
  const kept = flags ?? (Math.random() < ratio ? "01" : "00")
  const spanId = newSpanId()
  return {
    traceId,
    spanId,
    parentId,
    isKept: (Number.parseInt(kept, 16) & sampledFlag) === sampledFlag,
    traceparent: `00-${traceId}-${spanId}-${kept}`
  }
}
