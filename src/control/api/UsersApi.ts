import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { Id, pageQuery } from "./Fields.ts"
import { takesIfMatch } from "./OperationDocs.ts"
import { Authorized } from "./Principal.ts"
import {
  AccountTaken,
  InvalidRequest,
  LastAdmin,
  PreconditionFailed,
  Unavailable,
  UserMissing
} from "./Problems.ts"
import { Tagged } from "./Tagged.ts"
import { NewUserByAdmin, UserJson, UserUpdate, UserWithCode } from "./UserJson.ts"

const params = { id: Id }

export const UserPage = Schema.Struct({
  items: Schema.Array(UserJson),
  next_cursor: Schema.NullOr(Schema.String)
})

/** Who may log in, and as what. */
export class UsersApi extends HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.get("list", "/", {
      query: pageQuery,
      success: UserPage,
      error: [InvalidRequest, Unavailable]
    }).annotate(OpenApi.Description, "Newest first."),
    HttpApiEndpoint.post("create", "/", {
      payload: NewUserByAdmin,
      success: UserWithCode.pipe(HttpApiSchema.status(201)),
      error: [InvalidRequest, AccountTaken, Unavailable]
    })
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "A user without a password, and the code by which it chooses one, shown this once, so without an `Idempotency-Key` (400)."
      ),
    HttpApiEndpoint.post("resetPassword", "/:id/reset-password", {
      params,
      success: UserWithCode,
      error: [UserMissing, InvalidRequest, Unavailable]
    })
      .middleware(Tagged)
      .annotate(
        OpenApi.Description,
        "The password of somebody else is good for nothing any more, its sessions end, and a code, shown this once, lets it choose another."
      ),
    HttpApiEndpoint.delete("removeSecondFactor", "/:id/second-factor", {
      params,
      success: HttpApiSchema.NoContent,
      error: [UserMissing, InvalidRequest, Unavailable]
    }).annotate(
      OpenApi.Description,
      "For somebody else who has lost app and recovery codes: from now on the password is enough, and all sessions end."
    ),
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
