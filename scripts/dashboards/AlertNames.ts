import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { parse } from "yaml"

const Rules = Schema.Struct({
  groups: Schema.Array(Schema.Struct({ rules: Schema.Array(Schema.Struct({ alert: Schema.String })) }))
})

const text = readFileSync(new URL("../../monitoring/rules.yml", import.meta.url), "utf8")

/** Those of `monitoring/rules.yml`: a Prometheus may have others beside them. */
export const alertNames: ReadonlyArray<string> = [
  ...new Set(
    Schema.decodeUnknownSync(Rules)(parse(text, { merge: true })).groups.flatMap(({ rules }) =>
      rules.map(({ alert }) => alert)
    )
  )
]
