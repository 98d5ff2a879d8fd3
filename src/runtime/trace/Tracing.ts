import { Context } from "effect"

/** What was done, when, and as part of what. Attributes name things and count them; they never hold a cell or a secret. */
export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** The span that it is a part of, maybe another process'; null for the first of its trace. */
  readonly parentId: string | null
  readonly name: string
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer"
  /** Milliseconds since 1970, with fractions. */
  readonly begun: number
  readonly ended: number
  readonly attributes: Readonly<Record<string, string | number>>
  /** A code or the kind of error; null where it did not fail. */
  readonly failed: string | null
}

export interface Tracer {
  /** Of what begins a trace here, how much is traced: 0 to 1. */
  readonly ratio: number
  /** Never waits and never fails: a span may be lost. */
  readonly record: (span: Span) => void
}

/** Null where nothing is traced, as it is if nobody asks for it. Read once, when a part is built. */
export const Tracing = Context.Reference<Tracer | null>("walstream/runtime/trace/Tracing", {
  defaultValue: () => null
})
