/**
 * The options with which the plugin must be started for this decoder. `numbersAsText` asks for NaN and the infinities
 * as they are: versions before 2.6 refuse to start with it (`option "numeric-data-types-as-string" … is unknown`), and
 * without it those values arrive as null. Nothing is written about tables of `withoutSchemas`.
 */
export const wal2jsonOptions = (options: {
  readonly numbersAsText: boolean
  readonly withoutSchemas: ReadonlyArray<string>
}): ReadonlyArray<readonly [string, string]> => [
  ["format-version", "2"],
  ["include-transaction", "true"],
  ["include-xids", "true"],
  ["include-timestamp", "true"],
  ["include-lsn", "true"],
  ["include-origin", "true"],
  ["include-types", "true"],
  ["include-typmod", "true"],
  ["include-type-oids", "true"],
  ["include-pk", "true"],
  ["actions", "insert,update,delete,truncate"],
  ...(options.numbersAsText ? [["numeric-data-types-as-string", "true"] as const] : []),
  ...(options.withoutSchemas.length > 0
    ? [["filter-tables", options.withoutSchemas.map(pattern).join(",")] as const]
    : [])
]

/** All tables of a schema. The plugin's list has its own escapes. */
const pattern = (schema: string): string => `${schema.replaceAll(/[ ',.*\\]/gu, "\\$&")}.*`
