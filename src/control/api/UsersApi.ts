import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Id, pageQuery } from "./Fields.ts"
import { takesIfMatch } from "./OperationDocs.ts"
import { Authorized } from "./Principal.ts"
import { InvalidRequest, LastAdmin, PreconditionFailed, Unavailable, UserMissing } from "./Problems.ts"
import { Tagged } from "./Tagged.ts"
import { UserJson, UserUpdate } from "./UserJson.ts"

const params = { id: Id }

/** Who may log in, and as what. */
export class UsersApi extends HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: pageQuery,
      success: Schema.Struct({ items: Schema.Array(UserJson), next_cursor: Schema.NullOr(Schema.String) }),
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Newest first."),
    HttpApiEndpoint.patch("update", "/:id", {
      params,
      payload: UserUpdate,
      success: UserJson,
      error: [UserMissing, LastAdmin, PreconditionFailed, Unavailable]
    })
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "Role and activity; counts at once, for sessions, streams and keys. Who is disabled is logged out everywhere."
      )
      .annotate(OpenApi.Transform, takesIfMatch),
    HttpApiEndpoint.delete("endSessions", "/:id/sessions", {
      params,
      success: HttpApiSchema.NoContent,
      error: [UserMissing, Unavailable]
    }).annotate(OpenApi.Description, "Logs somebody out everywhere.")
  )
  .middleware(Authorized)
  .prefix("/users")
  .annotateMerge(OpenApi.annotations({ title: "Users" })) {}
