type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** What is said of one place in a body, or of one parameter. */
interface Place {
  readonly types: Set<string>
  readonly values: Set<string>
  required: boolean
  /** By which of its sides it is bounded, and where. */
  readonly bounds: Map<string, unknown>
}

/** 1 where the greater bound lets more in, -1 where the smaller does, 0 where nobody can tell. */
const bounding: Readonly<Record<string, number>> = {
  maximum: 1,
  maxLength: 1,
  maxItems: 1,
  minimum: -1,
  minLength: -1,
  minItems: -1,
  pattern: 0
}

/** Whether what the old one took may be refused by the new one. */
const isNarrower = (name: string, old: unknown, now: unknown): boolean => {
  if (now === old || now === undefined) return false
  const side = bounding[name] ?? 0
  return side === 0 || old === undefined || (Number(now) - Number(old)) * side < 0
}

type Places = Map<string, Place>

/** Every place of a schema by its path; all members of a union are at the same one. */
const placesOf = (document: Json, schema: unknown): Places => {
  const places: Places = new Map()
  const at = (path: string, required: boolean): Place => {
    const found = places.get(path) ?? { types: new Set(), values: new Set(), required, bounds: new Map() }
    found.required &&= required
    places.set(path, found)
    return found
  }
  const walk = (given: unknown, path: string, required: boolean, within: ReadonlyArray<string>): void => {
    const { $ref } = objectOf(given)
    if (typeof $ref === "string") {
      if (within.includes($ref)) return
      const named = $ref
        .split("/")
        .slice(1)
        .reduce<unknown>((part, name) => objectOf(part)[name], document)
      walk(named, path, required, [...within, $ref])
      return
    }
    const {
      type,
      enum: values,
      anyOf,
      oneOf,
      allOf,
      properties,
      required: needed,
      items,
      additionalProperties
    } = objectOf(given)
    const place = at(path, required)
    for (const name of typeof type === "string" ? [type] : listOf(type)) place.types.add(String(name))
    for (const name of Object.keys(bounding)) {
      const bound = objectOf(given)[name]
      if (bound !== undefined) place.bounds.set(name, bound)
    }
    for (const value of listOf(values)) place.values.add(JSON.stringify(value))
    for (const member of [anyOf, oneOf, allOf].flatMap(listOf)) walk(member, path, required, within)
    for (const [name, member] of Object.entries(objectOf(properties))) {
      walk(member, `${path}.${name}`, listOf(needed).includes(name), within)
    }
    if (items !== undefined) walk(items, `${path}[]`, true, within)
    if (isObject(additionalProperties)) walk(additionalProperties, `${path}.*`, false, within)
  }
  walk(schema, "", true, [])
  return places
}

const contentOf = (document: Json, holder: unknown): Places => {
  const all: Places = new Map()
  for (const [contentType, media] of Object.entries(objectOf(objectOf(holder)["content"]))) {
    for (const [path, place] of placesOf(document, objectOf(media)["schema"]))
      all.set(`${contentType}${path}`, place)
  }
  return all
}

const parametersOf = (document: Json, operation: Json): Places => {
  const all: Places = new Map()
  for (const parameter of listOf(operation["parameters"]).map(objectOf)) {
    const name = `${parameter["in"]} ${parameter["name"]}`
    for (const [path, place] of placesOf(document, parameter["schema"])) {
      if (path === "") place.required = parameter["required"] === true
      all.set(`${name}${path}`, place)
    }
  }
  return all
}

const operationsOf = (document: Json): ReadonlyMap<string, Json> =>
  new Map(
    Object.entries(objectOf(document["paths"])).flatMap(([path, methods]) =>
      Object.entries(objectOf(methods)).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, objectOf(operation)] as const
      )
    )
  )

export interface OpenApiChanges {
  readonly breaking: ReadonlyArray<string>
  readonly additive: ReadonlyArray<string>
}

/**
 * What changed for a client of the document before: one that sends what was allowed, reads what was promised, passes over
 * what it does not know, and takes lists of values for open.
 */
export const openApiChanges = (before: Json, after: Json): OpenApiChanges => {
  const breaking: Array<string> = []
  const additive: Array<string> = []

  /** `isAsked`: the client writes it. */
  const compare = (where: string, old: Places, now: Places, isAsked: boolean): void => {
    for (const [path, place] of old) {
      const found = now.get(path)
      const name = `${where} ${path}`
      if (found === undefined) {
        breaking.push(`${name} is gone`)
        continue
      }
      const [wide, narrow] = isAsked ? [found, place] : [place, found]
      const lacking = [...narrow.types].filter(
        (type) => !wide.types.has(type) && !(type === "integer" && wide.types.has("number"))
      )
      if (lacking.length > 0 && wide.types.size > 0) breaking.push(`${name}: ${lacking.join(", ")}`)
      if (isAsked && found.required && !place.required) breaking.push(`${name} is required now`)
      if (!isAsked && place.required && !found.required) breaking.push(`${name} may be missing now`)
      const gone = [...place.values].filter((value) => found.values.size > 0 && !found.values.has(value))
      for (const [bound, limit] of isAsked ? found.bounds : []) {
        if (isNarrower(bound, place.bounds.get(bound), limit))
          breaking.push(`${name}: ${bound} is ${limit} now`)
      }
      if (isAsked && gone.length > 0) breaking.push(`${name} takes no ${gone.join(", ")} any more`)
    }
    for (const [path, { required }] of now) {
      if (old.has(path)) continue
      const isNeeded = isAsked && required && !path.includes("[]") && old.size > 0
      ;(isNeeded ? breaking : additive).push(`${where} ${path} is new${isNeeded ? " and required" : ""}`)
    }
  }

  const olds = operationsOf(before)
  const news = operationsOf(after)
  for (const [name, old] of olds) {
    const now = news.get(name)
    if (now === undefined) {
      breaking.push(`${name} is gone`)
      continue
    }
    for (const access of ["x-role", "x-key-scope"]) {
      if (old[access] !== undefined && old[access] !== now[access])
        breaking.push(`${name}: ${access} ${old[access]} is ${now[access]} now`)
    }
    compare(`${name} asks`, parametersOf(before, old), parametersOf(after, now), true)
    compare(`${name} asks`, contentOf(before, old["requestBody"]), contentOf(after, now["requestBody"]), true)
    const answers = objectOf(now["responses"])
    for (const [status, response] of Object.entries(objectOf(old["responses"]))) {
      if (answers[status] === undefined) {
        ;(status.startsWith("2") ? breaking : additive).push(`${name} does not answer ${status} any more`)
      } else {
        compare(`${name} ${status}`, contentOf(before, response), contentOf(after, answers[status]), false)
      }
    }
    for (const status of Object.keys(answers)) {
      if (objectOf(old["responses"])[status] === undefined) additive.push(`${name} may answer ${status}`)
    }
  }
  for (const name of news.keys()) if (!olds.has(name)) additive.push(`${name} is new`)
  return { breaking, additive }
}
