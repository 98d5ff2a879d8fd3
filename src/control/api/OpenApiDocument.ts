import { problemBase } from "./Problems.ts"
import { accessOf } from "./RouteRoles.ts"

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

const mapObject = (value: unknown, change: (member: Json, key: string) => unknown): Json =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, isObject(member) ? change(member, key) : member])
      )
    : {}

/** What is asked for is exact; what is answered may grow. */
const open = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(open)
  if (!isObject(schema)) return schema
  const { additionalProperties, ...rest } = schema
  return mapMembers(additionalProperties === false ? rest : schema)
}

const mapMembers = (schema: Json): Json =>
  Object.fromEntries(Object.entries(schema).map(([key, member]) => [key, open(member)]))

const isProblem = (schema: Json): boolean => JSON.stringify(schema).includes(`"${problemBase}`)

const told = ["type", "title", "status", "instance", "request_id", "trace_id"]

const problem: Json = {
  type: "object",
  description: "RFC 9457. Programs look at `type`; docs/problems.md has them all.",
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    instance: { type: "string" },
    request_id: { type: "string" },
    trace_id: { type: "string" },
    quota: { type: "string" },
    retry_after: { type: "integer" }
  },
  required: told
}

const reference: Json = { $ref: "#/components/schemas/Problem" }

const anyProblem = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: reference } }
})

/** A 400 may also come from before the contract is looked at, a 429 from a quota. */
const orAny = (response: unknown): Json => {
  const content = isObject(response) ? response["content"] : undefined
  const of = isObject(content) ? content["application/problem+json"] : undefined
  const schema = isObject(of) ? of["schema"] : undefined
  if (!isObject(response) || !isObject(schema)) return anyProblem("Too many requests")
  const each = Array.isArray(schema["anyOf"]) ? schema["anyOf"] : [schema]
  return { ...response, content: { "application/problem+json": { schema: { anyOf: [...each, reference] } } } }
}

const streams = ["text/event-stream", "application/x-ndjson", "text/csv"]

/** The library describes its own framing there; to others it is a stream of text. */
const plainStreams = (response: Json): Json => {
  const content = response["content"]
  const type = isObject(content) ? streams.find((each) => isObject(content[each])) : undefined
  return type === undefined ? response : { ...response, content: { [type]: { schema: { type: "string" } } } }
}

/** Who may call it, by the table that the server goes by; what is not in it is an admin's. */
const whoMay = (
  operationId: string
): { readonly "x-role": string; readonly "x-key-scope": string | null } => {
  const { role, scope } = accessOf(operationId) ?? { role: "admin", scope: null }
  return { "x-role": role, "x-key-scope": scope }
}

const whoMayText = ({ "x-role": role, "x-key-scope": scope }: ReturnType<typeof whoMay>): string => {
  if (role === "public") return "For anybody."
  return `For the role ${role} and above; ${scope === null ? "for no key" : `by a key with the scope ${scope}`}.`
}

const openOperation = (operation: Json): Json => {
  const { operationId, requestBody, description } = operation
  const access = whoMay(String(operationId))
  const given = isObject(operation["responses"]) ? operation["responses"] : {}
  const isProbe = String(operationId).startsWith("health.")
  const responses: Json = {
    ...mapObject(given, (response) => open(plainStreams(response))),
    400: orAny(open(given[400])),
    ...(requestBody === undefined
      ? {}
      : { 413: anyProblem("The body is too large"), 415: anyProblem("Not this content type") }),
    ...(isProbe ? {} : { 429: orAny(open(given[429])) }),
    default: anyProblem("Any other error")
  }
  const what = typeof description === "string" ? `${description} ` : ""
  return { ...operation, ...access, description: `${what}${whoMayText(access)}`, responses }
}

/** Names of the schemas that requests are made of. */
const askedFor = (paths: unknown): ReadonlySet<string> => {
  const bodies = Object.values(isObject(paths) ? paths : {}).flatMap((path) =>
    Object.values(isObject(path) ? path : {}).map((operation) =>
      JSON.stringify(isObject(operation) ? (operation["requestBody"] ?? null) : null)
    )
  )
  return new Set(
    bodies.flatMap((body) =>
      [...body.matchAll(/#\/components\/schemas\/(\w+)/gu)].map(([, name = ""]) => name)
    )
  )
}

/** The generated document as other people's tools expect it. */
export const polishDocument = (document: Json): Json => {
  // Objects stay objects.
  const polished = reshape(document) as Json
  const { components, paths } = polished
  if (!isObject(components) || !isObject(components["schemas"])) return polished
  const asked = askedFor(paths)
  const schemas = Object.entries(components["schemas"]).map(([given, schema]) => {
    const name = plainName(given)
    if (asked.has(name)) return [name, schema]
    const opened = open(schema)
    return isObject(opened) && isProblem(opened)
      ? [
          name,
          {
            ...opened,
            required: [
              ...new Set([...told, ...(Array.isArray(opened["required"]) ? opened["required"] : [])])
            ]
          }
        ]
      : [name, opened]
  })
  return {
    ...polished,
    paths: mapObject(paths, (path) => mapObject(path, openOperation)),
    components: { ...components, schemas: { ...Object.fromEntries(schemas), Problem: problem } }
  }
}
