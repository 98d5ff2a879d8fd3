import { assert, layer } from "@effect/vitest"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { Effect } from "effect"
import { OpenApi } from "effect/http-api"
import { IpNetwork } from "effect/net"
import { type RouteName, routeRoles } from "../../src/control/api/RouteRoles.ts"
import { WalstreamApi } from "../../src/control/api/WalstreamApi.ts"
import { Tokens } from "../../src/control/auth/Tokens.ts"
import { plainProblems } from "../../src/control/http/ProblemBody.ts"
import { LogError } from "../../src/log/LogError.ts"
import { byWrongKey, contractCases, stopped, tokenOnce } from "./ContractCases.ts"
import { type Answer, type Ask, apiLayer, ask, storesFail, testSecret, trouble } from "./TestApi.ts"
import { TestServer } from "./TestControl.ts"

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>
}
interface Operation {
  readonly operationId: string
  readonly method: string
  readonly path: string
  readonly form: boolean
  readonly hasBody: boolean
  readonly responses: Readonly<Record<string, Response>>
}

/** Answers may grow for clients, but not unseen: here each of their fields must be in the contract. */
const strict = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(strict)
  if (typeof schema !== "object" || schema === null) return schema
  const copy = Object.fromEntries(Object.entries(schema).map(([key, member]) => [key, strict(member)]))
  return "properties" in copy && !("additionalProperties" in copy)
    ? { ...copy, additionalProperties: false }
    : copy
}

// The document is plain JSON, of the shape that the interfaces above name.
const document = strict(JSON.parse(JSON.stringify(OpenApi.fromApi(WalstreamApi)))) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: object
}
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema({ $id: "walstream", components: document.components })

const validators = new Map<object, ValidateFunction>()
const validatorOf = (schema: object): ValidateFunction => {
  const made =
    validators.get(schema) ??
    ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"walstream#/components/')))
  validators.set(schema, made)
  return made
}

const operations: ReadonlyArray<Operation> = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, given]) => {
    const { operationId, responses, requestBody } = given as Operation & { readonly requestBody?: Response }
    const content = Object.keys(requestBody?.content ?? {})
    return {
      operationId,
      method: method.toUpperCase(),
      path: path.replaceAll(/\{\w+\}/gu, "00000000-0000-4000-8000-000000000000"),
      form: content.includes("application/x-www-form-urlencoded"),
      hasBody: content.length > 0,
      responses
    }
  })
)

/** What may come from before or around any route, beside what is documented. */
const anywhere = new Set(["404", "405", "408", "414", "431", "500", "503"])

const assertFits = ({ operationId, responses }: Operation, answer: Answer, name: string) => {
  const status = String(answer.status)
  const response = responses[status] ?? (anywhere.has(status) ? responses["default"] : undefined)
  if (response === undefined)
    return assert.fail(`${name}: ${status} is not documented for ${operationId}: ${answer.text}`)
  const type = (answer.headers.get("content-type") ?? "").split(";")[0] ?? ""
  const schema = response.content?.[type]?.schema
  if (response.content === undefined) return assert.strictEqual(answer.text, "", name)
  if (schema === undefined)
    return assert.fail(`${name}: ${type} is not documented for ${operationId} ${status}`)
  const validate = validatorOf(schema)
  return assert.isTrue(
    validate(answer.json ?? answer.text),
    `${name}: ${ajv.errorsText(validate.errors)}: ${answer.text.slice(0, 500)}`
  )
}

const exhausted = "203.0.113.77"
const rateLimits = { read: 0, write: 0, address: 600, login: 0 }

/** What follows from the contract alone. Undefined where it needs a case of its own. */
const generic = (operation: Operation, status: string) => {
  const { method, path, form, hasBody, operationId } = operation
  // The table has every operation: that is tested beside the server.
  const { role } = routeRoles[operationId as RouteName]
  const as = Effect.fnUntraced(function* (options: Ask & { readonly path?: string } = {}) {
    const token = role === "public" ? undefined : yield* tokenOnce("admin")
    return yield* ask(options.path ?? path, { method, token, ...options })
  })
  switch (status) {
    case "200":
      return method === "GET" && !path.includes("00000000") ? as() : undefined
    case "400":
      return as({ path: `${path}?${"x=1&".repeat(70)}`, ...(hasBody ? { body: {} } : {}) })
    case "401":
      return ask(path, { method, headers: { "x-forwarded-for": "198.51.100.9" } })
    case "403":
      // Nobody is less than a viewer, but a key may be.
      return role === "viewer"
        ? byWrongKey(path, { method })
        : Effect.flatMap(tokenOnce("viewer"), (token) => ask(path, { method, token }))
    case "404":
      return as(
        operationId === "jobs.skip"
          ? { body: { position: "0000000000000200-0000000001", reason: "x" } }
          : hasBody
            ? { body: {} }
            : {}
      )
    case "413": {
      const large = "x".repeat(1_100_000)
      return form ? as({ form: { username: large, password: "x" } }) : as({ body: { name: large } })
    }
    case "415":
      return as({ body: "plain", headers: { "content-type": "text/plain" } })
    case "429":
      // Tokens come back all the time.
      return ask(path, { method, headers: { "x-forwarded-for": exhausted } }).pipe(
        Effect.repeat({ until: (answer) => answer.status === 429, times: 2 * rateLimits.address })
      )
    default:
      return undefined
  }
}

const isOutage = ([, status]: readonly [Operation, string]) => status === "503"

let addresses = 0
/** There are more requests than one address may make: each of these comes from one of its own. */
const elsewhere = () => ({ "x-forwarded-for": `198.18.${addresses >> 8}.${addresses++ & 255}` })

const options = {
  rateLimits,
  trustedProxies: [IpNetwork.fromStringUnsafe("127.0.0.0/8")],
  auth: { isOpen: true, cookie: "auto" }
} as const

layer(apiLayer("contract", options), { timeout: "60 seconds", excludeTestServices: true })(
  "the contract",
  (it) => {
    const documented = operations.flatMap((operation) =>
      Object.keys(operation.responses)
        .filter((status) => status !== "default")
        .map((status) => [operation, status] as const)
    )

    it("has no case for what is not in it", () => {
      const known = documented.map(([{ operationId }, status]) => `${operationId} ${status}`)
      for (const name of Object.keys(contractCases)) assert.include(known, name)
      for (const status of anywhere) assert.property(plainProblems, status)
    })

    it.effect("every documented answer is produced, as it is documented", () =>
      Effect.gen(function* () {
        for (const [operation, status] of documented.filter((each) => !isOutage(each))) {
          const name = `${operation.operationId} ${status}`
          const produce = contractCases[name] ?? generic(operation, status)
          if (produce === undefined) return assert.fail(`${name} is documented, and there is no case for it`)
          const answer = yield* produce
          assert.strictEqual(String(answer.status), status, `${name}: ${answer.text.slice(0, 500)}`)
          assertFits(operation, answer, name)
        }
      })
    )

    it.effect("what may go wrong anywhere is a problem as documented", () =>
      Effect.gen(function* () {
        for (const operation of operations) {
          const long = yield* ask(`${operation.path}?x=${"y".repeat(9000)}`, {
            method: operation.method,
            headers: elsewhere()
          })
          assert.strictEqual(long.status, 414)
          assertFits(operation, long, `${operation.operationId} 414`)
        }
      })
    )

    // Last: the database does not come back.
    it.effect("every outage is told as documented", () =>
      Effect.gen(function* () {
        const server = yield* TestServer
        const token = yield* tokenOnce("admin")
        const unknown = yield* Tokens.pipe(
          Effect.flatMap((tokens) =>
            tokens.issue({ userId: "x", sessionId: "x", until: Date.now() + 60_000 })
          ),
          Effect.provide(Tokens.layer({ secret: testSecret, seconds: 60 }))
        )
        const outages = documented.filter(isOutage)
        assert.isAbove(outages.length, 10)
        storesFail.current = new LogError({ store: "test", reason: { _tag: "Unavailable", detail: "away" } })
        trouble.current = stopped
        yield* server.stop
        for (const [operation] of outages) {
          const name = `${operation.operationId} 503`
          const { method, path, operationId } = operation
          const body = outageBodies[operationId]
          if (operation.hasBody && body === undefined)
            return assert.fail(`${name} needs a body that is taken`)
          const { path: other = path, query = "", ...options } = body ?? {}
          const told = (as: string) =>
            ask(`${other}${query}`, { method, token: as, headers: elsewhere(), ...options })
          // Who is known gets on without the database where nothing else is asked of it.
          const known = yield* told(token)
          const answer = known.status === 503 ? known : yield* told(unknown)
          assert.strictEqual(answer.status, 503, `${name}: ${answer.text}`)
          assertFits(operation, answer, name)
        }
      }).pipe(
        Effect.ensuring(
          Effect.sync(() => {
            storesFail.current = null
            trouble.current = {}
          })
        )
      )
    )
  }
)

const someCookie = `walstream_refresh=${"A".repeat(22)}.${"A".repeat(43)}`

/** What makes a request get as far as a store. */
const outageBodies: Readonly<Record<string, Ask & { readonly query?: string; readonly path?: string }>> = {
  "users.create": { body: { username: "new", role: "viewer" } },
  "auth.setPassword": { body: { code: "x", new_password: "a phrase of its own" } },
  "auth.beginSecondFactor": { body: { current_password: "x" } },
  "auth.confirmSecondFactor": { body: { code: "x" } },
  "auth.removeSecondFactor": { body: { current_password: "x", code: "x" } },
  "users.update": { body: { role: "viewer" } },
  "keys.create": { body: { name: "x", scopes: ["read"] } },
  "keys.rotate": { body: {} },
  "auth.register": { body: { username: "a", email: "a@example.com", password: "a good password" } },
  "auth.refresh": { body: {}, headers: { cookie: someCookie } },
  "auth.logout": { body: {}, token: undefined, headers: { cookie: someCookie } },
  "auth.changePassword": { body: { current_password: "x", new_password: "a good password" } },
  "auth.token": { form: { username: "a", password: "b" } },
  "jobs.create": { body: { start_time: null } },
  "jobs.estimate": { body: { start_time: null } },
  "jobs.update": { body: { name: "x" } },
  "jobs.skip": { body: { position: "0000000000000200-0000000001", reason: "x" } },
  "events.volume": { query: "?start=2026-01-02T03:00:00Z&end=2026-01-02T04:00:00Z" },
  "events.transaction": { path: "/api/v1/events/transactions/2" },
  "events.event": { path: "/api/v1/events/0000000000000200-0000000001" },
  "events.stream": { headers: { "last-event-id": "0000000000000200-0000000001" } },
  "system.acceptGap": { body: { gap: "gap-1", reason: "x" } }
}
