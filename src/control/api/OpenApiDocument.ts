/** A JSON object of the document; its shape is OpenAPI 3.1's. */
type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** The library documents numbers in a query as text with this pattern; generators should see numbers. */
const isNumberInQuery = (value: Json): boolean =>
  value["in"] === "query" &&
  isObject(value["schema"]) &&
  String(value["schema"]["pattern"]).startsWith("^[+-]?")

/** The library names what a class looks like on the wire `…Encoded`: nothing else is in this document. */
const plainName = (name: string): string => name.replace(/Encoded$/u, "")

const reshape = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reshape)
  if (!isObject(value)) return value
  const copy: Json = {}
  for (const [key, member] of Object.entries(value)) {
    copy[key] = key === "$ref" && typeof member === "string" ? plainName(member) : reshape(member)
  }
  return isNumberInQuery(copy) ? { ...copy, schema: { type: "integer", minimum: 1 } } : copy
}

/** The generated document as other people's tools expect it. */
export const polishDocument = (document: Json): Json => {
  // Objects stay objects.
  const polished = reshape(document) as Json
  const { components } = polished
  if (!isObject(components) || !isObject(components["schemas"])) return polished
  const schemas = Object.entries(components["schemas"]).map(([name, schema]) => [plainName(name), schema])
  return { ...polished, components: { ...components, schemas: Object.fromEntries(schemas) } }
}
