import { Schema } from "effect"

/** What a store keeps of a relation: all that its fingerprint is made of. */
export const RelationShape = Schema.Struct({
  schema: Schema.String,
  name: Schema.String,
  identity: Schema.Literals(["default", "nothing", "full", "index"]),
  columns: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      typeOid: Schema.Int,
      typmod: Schema.Int,
      typeName: Schema.String,
      key: Schema.Boolean
    })
  )
})
