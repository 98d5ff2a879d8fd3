import { createServer } from "node:http"
import { Effect, Schema } from "effect"

const Attribute = Schema.Struct({
  key: Schema.String,
  value: Schema.Union([
    Schema.Struct({ stringValue: Schema.String }),
    Schema.Struct({ intValue: Schema.String }),
    Schema.Struct({ doubleValue: Schema.Finite })
  ])
})
const Attributes = Schema.Array(Attribute)

/** What a collector takes, as OTLP's specification has it. */
const Request = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({ attributes: Attributes }),
      scopeSpans: Schema.Array(
        Schema.Struct({
          scope: Schema.Struct({ name: Schema.String }),
          spans: Schema.Array(
            Schema.Struct({
              traceId: Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/u)),
              spanId: Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/u)),
              parentSpanId: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[0-9a-f]{16}$/u))),
              name: Schema.String,
              kind: Schema.Int,
              startTimeUnixNano: Schema.String.check(Schema.isPattern(/^\d{19}$/u)),
              endTimeUnixNano: Schema.String.check(Schema.isPattern(/^\d{19}$/u)),
              attributes: Attributes,
              status: Schema.Struct({ code: Schema.Int, message: Schema.optionalKey(Schema.String) })
            })
          )
        })
      )
    })
  )
})
const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Request))

const valuesOf = (attributes: typeof Attributes.Type): Readonly<Record<string, string>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, String(Object.values(value)[0])]))

export interface ReceivedSpan {
  readonly service: string
  readonly traceId: string
  readonly spanId: string
  readonly parentId: string | undefined
  readonly name: string
  readonly begun: bigint
  readonly ended: bigint
  readonly attributes: Readonly<Record<string, string>>
  readonly failed: string | undefined
}

const spansOf = (text: string): ReadonlyArray<ReceivedSpan> =>
  decode(text).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        service: valuesOf(resource.attributes)["service.name"] ?? "",
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId,
        name: span.name,
        begun: BigInt(span.startTimeUnixNano),
        ended: BigInt(span.endTimeUnixNano),
        attributes: valuesOf(span.attributes),
        failed: span.status.code === 2 ? span.status.message : undefined
      }))
    )
  )

/** Takes what programs send to an OpenTelemetry collector, and refuses what is none of it. */
export const makeTestCollector = Effect.gen(function* () {
  const received: Array<{ readonly text: string; readonly authorization: string | undefined }> = []
  let asked = 0
  let behaviour: "takes" | "refuses" | "hangs" = "takes"
  const server = createServer((request, response) => {
    const parts: Array<Buffer> = []
    request.on("data", (part: Buffer) => parts.push(part))
    request.on("end", () => {
      asked += 1
      if (behaviour === "hangs") return
      const isRight = request.method === "POST" && request.url === "/v1/traces"
      const isTaken = isRight && behaviour === "takes"
      if (isTaken) {
        received.push({
          text: Buffer.concat(parts).toString(),
          authorization: request.headers.authorization
        })
      }
      response
        .writeHead(isTaken ? 200 : isRight ? 503 : 404, { "content-type": "application/json" })
        .end("{}")
    })
  })
  const port = yield* Effect.acquireRelease(
    Effect.callback<number>((resume) => {
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0))
      })
    }),
    () =>
      Effect.sync(() => {
        server.closeAllConnections()
        server.close()
      })
  )
  return {
    endpoint: `http://127.0.0.1:${port}`,
    /** Requests, answered or not. */
    asked: () => asked,
    received: () => received,
    spans: () => received.flatMap(({ text }) => spansOf(text)),
    behave: (next: typeof behaviour) => {
      behaviour = next
    }
  } as const
})
