import { Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { AuditOperations } from "../AuditOperations.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"
import { csvHead, csvLine } from "../audit/AuditCsv.ts"

/** Not shown in a browser, but kept. */
const asFile = (name: string) => ({ "content-disposition": `attachment; filename="${name}"` })

export const layerAuditHandlers = HttpApiBuilder.group(
  WalstreamApi,
  "audit",
  Effect.fnUntraced(function* (handlers) {
    const audit = yield* AuditOperations
    return handlers.handleAll({
      list: ({ query }) => audit.list(query),
      verify: ({ query }) => audit.verify(query),
      exportNdjson: ({ query }) =>
        Effect.map(audit.export(query), (pages) =>
          HttpServerResponse.stream(
            pages.pipe(
              Stream.map((entry) => `${JSON.stringify(entry)}\n`),
              Stream.encodeText
            ),
            { contentType: "application/x-ndjson", headers: asFile("audit.ndjson") }
          )
        ),
      exportCsv: ({ query }) =>
        Effect.map(audit.export(query), (pages) =>
          HttpServerResponse.stream(
            Stream.concat(Stream.succeed(csvHead), Stream.map(pages, csvLine)).pipe(Stream.encodeText),
            { contentType: "text/csv; charset=utf-8", headers: asFile("audit.csv") }
          )
        )
    })
  })
)
