import { assert, describe, it } from "@effect/vitest"
import { openApiChanges } from "../../scripts/OpenApiChanges.ts"

interface Shape {
  readonly asks?: object
  readonly answers?: object
  readonly parameters?: ReadonlyArray<object>
  readonly status?: number
  readonly role?: string
}

const object = (properties: object, required: ReadonlyArray<string> = []) => ({
  type: "object",
  properties,
  required
})
const text = { type: "string" }
const json = (schema: object) => ({ content: { "application/json": { schema } } })

const document = ({
  asks = object({}),
  answers = object({}),
  parameters = [],
  status = 200,
  role = "viewer"
}: Shape) => ({
  paths: {
    "/jobs": {
      post: {
        "x-role": role,
        parameters,
        requestBody: json(asks),
        responses: { [status]: json(answers), default: json(object({})) }
      }
    }
  }
})

const changes = (before: Shape, after: Shape) => openApiChanges(document(before), document(after))

describe("changes of the contract", () => {
  it("are none where nothing changed", () => {
    const same = { asks: object({ a: text }, ["a"]), answers: object({ b: text }, ["b"]) }
    assert.deepStrictEqual(changes(same, same), { breaking: [], additive: [] })
  })

  const breaks: Readonly<Record<string, readonly [Shape, Shape]>> = {
    "a field is not answered any more": [{ answers: object({ a: text }) }, {}],
    "a field may be missing": [{ answers: object({ a: text }, ["a"]) }, { answers: object({ a: text }) }],
    "a field may be null": [
      { answers: object({ a: text }) },
      { answers: object({ a: { anyOf: [text, { type: "null" }] } }) }
    ],
    "a field within a list is gone": [
      { answers: object({ a: { type: "array", items: object({ b: text }) } }) },
      { answers: object({ a: { type: "array", items: object({}) } }) }
    ],
    "a field is not taken any more": [{ asks: object({ a: text }) }, {}],
    "a field is needed": [{ asks: object({ a: text }) }, { asks: object({ a: text }, ["a"]) }],
    "a new field is needed": [{ asks: object({ a: text }) }, { asks: object({ a: text, b: text }, ["b"]) }],
    "null is not taken any more": [
      { asks: object({ a: { anyOf: [text, { type: "null" }] } }) },
      { asks: object({ a: text }) }
    ],
    "a text may be less long": [
      { asks: object({ a: { type: "string", allOf: [{ maxLength: 9 }] } }) },
      { asks: object({ a: { type: "string", allOf: [{ maxLength: 8 }] } }) }
    ],
    "a number has a bound": [
      { asks: object({ a: { type: "number" } }) },
      { asks: object({ a: { type: "number", minimum: 1 } }) }
    ],
    "a text has another pattern": [
      { asks: object({ a: { type: "string", pattern: "^a" } }) },
      { asks: object({ a: { type: "string", pattern: "^b" } }) }
    ],
    "another role may": [{ role: "viewer" }, { role: "operator" }],
    "a value is not taken any more": [
      { asks: object({ a: { type: "string", enum: ["x", "y"] } }) },
      { asks: object({ a: { type: "string", enum: ["x"] } }) }
    ],
    "a parameter is gone": [{ parameters: [{ name: "q", in: "query", schema: text }] }, {}],
    "success has another status": [{}, { status: 201 }]
  }
  for (const [name, [before, after]] of Object.entries(breaks)) {
    it(`break clients when ${name}`, () => assert.lengthOf(changes(before, after).breaking, 1))
  }

  const adds: Readonly<Record<string, readonly [Shape, Shape]>> = {
    "a field is answered, too": [{}, { answers: object({ a: text }, ["a"]) }],
    "a field may be given": [{}, { asks: object({ a: text }) }],
    "a text may be longer, and more": [
      { asks: object({ a: { type: "string", maxLength: 9, pattern: "^a" } }) },
      { asks: object({ a: { type: "string", maxLength: 10 }, b: text }) }
    ],
    "a parameter may be given": [{}, { parameters: [{ name: "q", in: "query", schema: text }] }],
    "a new value is answered": [
      { answers: object({ a: { type: "string", enum: ["x"] } }) },
      { answers: object({ a: { type: "string", enum: ["x", "y"] } }) }
    ]
  }
  for (const [name, [before, after]] of Object.entries(adds)) {
    it(`only add when ${name}`, () => {
      const found = changes(before, after)
      assert.deepStrictEqual(found.breaking, [])
      if (name !== "a new value is answered") assert.isNotEmpty(found.additive)
    })
  }

  it("are told for whole operations", () => {
    const empty = { paths: {} }
    assert.deepStrictEqual(openApiChanges(document({}), empty).breaking, ["POST /jobs is gone"])
    assert.deepStrictEqual(openApiChanges(empty, document({})), {
      breaking: [],
      additive: ["POST /jobs is new"]
    })
  })

  it("follow references, and end in those that lead back to themselves", () => {
    const tree = (leaf: object) => ({
      ...document({ answers: { $ref: "#/components/schemas/Tree" } }),
      components: {
        schemas: {
          Tree: object({ leaf, trees: { type: "array", items: { $ref: "#/components/schemas/Tree" } } })
        }
      }
    })
    assert.deepStrictEqual(openApiChanges(tree(text), tree(text)).breaking, [])
    assert.deepStrictEqual(openApiChanges(tree(text), tree({ type: "integer" })).breaking, [
      "POST /jobs 200 application/json.leaf: integer"
    ])
  })
})
