import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { ApiKeyJson, NewApiKey, RotateApiKey, ShownApiKey } from "./ApiKeyJson.ts"
import { Id, pageQuery } from "./Fields.ts"
import { takesIfMatch } from "./OperationDocs.ts"
import { Authorized } from "./Principal.ts"
import { ApiKeyMissing, InvalidRequest, PreconditionFailed, Unavailable } from "./Problems.ts"
import { Tagged } from "./Tagged.ts"

const params = { id: Id }

/** For programs. Who has lost one must not be able to make another: only people who are logged in may. */
export class ApiKeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: pageQuery,
      success: Schema.Struct({ items: Schema.Array(ApiKeyJson), next_cursor: Schema.NullOr(Schema.String) }),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Everybody's, newest first."),
    HttpApiEndpoint.post("create", "/", {
      payload: NewApiKey,
      success: ShownApiKey.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, Unavailable]
    })
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "A key of your own, shown this once, so without an `Idempotency-Key` (400). It never may more than you may at present."
      ),
    HttpApiEndpoint.post("rotate", "/:id/rotate", {
      params,
      payload: RotateApiKey,
      success: ShownApiKey,
      error: [ApiKeyMissing, InvalidRequest, PreconditionFailed, Unavailable]
    })
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "Another secret for a key of your own, shown this once. The one before is good for a while."
      )
      .annotate(OpenApi.Transform, takesIfMatch),
    HttpApiEndpoint.delete("remove", "/:id", {
      params,
      success: HttpApiSchema.NoContent,
      error: [ApiKeyMissing, PreconditionFailed, Unavailable]
    })
      .annotate(OpenApi.Description, "Removes anybody's key, and ends its streams, at once.")
      .annotate(OpenApi.Transform, takesIfMatch)
  )
  .middleware(Authorized)
  .prefix("/api-keys")
  .annotateMerge(OpenApi.annotations({ title: "API keys" })) {}
