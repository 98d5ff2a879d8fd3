import type { OpenApi } from "effect/http-api"

type Operation = Parameters<NonNullable<(typeof OpenApi.Transform)["Service"]>>[0]

const header = (name: string, description: string) => ({
  name,
  in: "header",
  required: false,
  description,
  schema: { type: "string" }
})

const withParameter =
  (parameter: object) =>
  (operation: Operation): Operation => ({
    ...operation,
    parameters: [...(Array.isArray(operation["parameters"]) ? operation["parameters"] : []), parameter]
  })

/** For what `Idempotent` is on. */
export const takesIdempotencyKey = withParameter(
  header(
    "Idempotency-Key",
    "1 to 255 visible characters, such as a UUID: the same again within a day is answered the same."
  )
)

export const takesIfMatch = withParameter(
  header("If-Match", "An `ETag`: only while it is still at that version, else 412.")
)

/** For what `Tagged` is on, read. */
export const takesIfNoneMatch = (operation: Operation): Operation => {
  const asked = withParameter(
    header("If-None-Match", "An `ETag` that is held: 304 while it is still the same.")
  )(operation)
  return { ...asked, responses: { ...Object(asked["responses"]), 304: { description: "It is as it was" } } }
}
