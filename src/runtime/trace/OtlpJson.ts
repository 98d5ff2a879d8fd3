import type { Span } from "./Tracing.ts"

type Attributes = Readonly<Record<string, string | number>>

const kinds = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const
const ok = { code: 1 } as const

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : Number.isSafeInteger(value)
          ? { intValue: String(value) }
          : { doubleValue: value }
  }))

/** Nanoseconds do not fit a number. */
const nanos = (millis: number): string => `${Math.round(millis * 1000)}000`

/** Spans as OTLP's JSON encoding has them (`ExportTraceServiceRequest`). */
export const otlpJson = (resource: Attributes, spans: ReadonlyArray<Span>): string =>
  JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: attributesOf(resource) },
        scopeSpans: [
          {
            scope: { name: "walstream" },
            spans: spans.map(
              ({ traceId, spanId, parentId, name, kind, begun, ended, attributes, failed }) => ({
                traceId,
                spanId,
                ...(parentId === null ? {} : { parentSpanId: parentId }),
                name,
                kind: kinds[kind],
                startTimeUnixNano: nanos(begun),
                endTimeUnixNano: nanos(ended),
                attributes: attributesOf(attributes),
                status: failed === null ? ok : { code: 2, message: failed }
              })
            )
          }
        ]
      }
    ]
  })
