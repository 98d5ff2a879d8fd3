import { Option, Schema } from "effect"
import type { HttpApiEndpoint, HttpApiGroup } from "effect/http-api"
import type { NotReady } from "../../../src/control/api/HealthApi.ts"
import type { RouteName } from "../../../src/control/api/RouteRoles.ts"
import { WalstreamApi } from "../../../src/control/api/WalstreamApi.ts"
import { type ApiProblem, asProblem, problemOf, unreachable, unreadable } from "./ApiProblem.ts"

/*
 * A client of the contract, made of the contract: methods, paths and the schemas of answers are the server's own. The
 * library's (`HttpApiClient`) does the same, and weighs 25 kB more of the 110 kB that the first page may.
 */

type Groups = (typeof WalstreamApi)["groups"]
type Endpoint<Route extends RouteName> =
  Route extends `${infer Group extends keyof Groups & string}.${infer Name}`
    ? HttpApiEndpoint.WithIdentifier<HttpApiGroup.Endpoints<Groups[Group]>, Name>
    : never
type Asked = "params" | "query" | "payload"
type Member<Request, Name extends Asked> = Name extends keyof Request
  ? { readonly [N in Name]: Request[N] }
  : unknown
type Request<Route extends RouteName> = Member<HttpApiEndpoint.Request<Endpoint<Route>>, "params"> &
  Member<HttpApiEndpoint.Request<Endpoint<Route>>, "query"> &
  Member<HttpApiEndpoint.Request<Endpoint<Route>>, "payload">
/** Readiness answers in another shape while something is down: it is no problem of the request. */
export type Answer<Route extends RouteName> =
  | HttpApiEndpoint.Success<Endpoint<Route>>["Type"]
  | (Route extends "health.ready" ? typeof NotReady.Type : never)

export interface CallOptions {
  readonly signal?: AbortSignal
  /** `If-Match`, `Idempotency-Key`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** The contract's routes as promises: rejected with an `ApiProblem`, whatever went wrong. */
export interface Api {
  readonly call: <Route extends RouteName>(
    route: Route,
    request: Request<Route>,
    options?: CallOptions
  ) => Promise<Answer<Route>>
  /** The answer's bytes, of a route whose answer is a file. */
  readonly download: <Route extends RouteName>(route: Route, request: Request<Route>) => Promise<Blob>
}

/** Whose token is sent, and what gets a new one when that has expired. */
export interface Credentials {
  readonly token: () => string | null
  /** Whether there is a new token. */
  readonly renew: () => Promise<boolean>
  /** The role is not enough: perhaps it is not what it was. */
  readonly refused: () => void
}

/** What is asked, whatever the route. */
interface Loose {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly payload?: Readonly<Record<string, unknown>>
}

interface Route {
  readonly method: string
  readonly path: string
  readonly isForm: boolean
  readonly read: (json: unknown) => Option.Option<unknown>
}

const form = "application/x-www-form-urlencoded"

const routeOf = (name: string): Route => {
  const [group = "", endpoint = ""] = name.split(".")
  const groups: Readonly<
    Record<string, { readonly endpoints: Readonly<Record<string, HttpApiEndpoint.Top>> }>
  > = WalstreamApi.groups
  const found = groups[group]?.endpoints[endpoint]
  if (found === undefined) throw new Error(`the contract has no route ${name}`)
  // The contract's types forget it: no answer needs a service to be read.
  const answers = [...found.success, ...found.error] as ReadonlyArray<unknown> as ReadonlyArray<
    Schema.Decoder<unknown>
  >
  return {
    method: found.method,
    path: found.path,
    isForm: found.payload.has(form),
    read: Schema.decodeUnknownOption(Schema.Union(answers))
  }
}

const routes = new Map<string, Route>()

const held = (name: string): Route => {
  const route = routes.get(name) ?? routeOf(name)
  routes.set(name, route)
  return route
}

const texts = (values: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  )

const addressOf = ({ path }: Route, { params = {}, query = {} }: Loose): string => {
  const filled = path.replace(/:(\w+)/gu, (_, name: string) => encodeURIComponent(String(params[name])))
  const search = new URLSearchParams(texts(query)).toString()
  return search === "" ? filled : `${filled}?${search}`
}

const bodyOf = ({ isForm }: Route, { payload }: Loose): Pick<RequestInit, "body" | "headers"> => {
  if (payload === undefined) return {}
  return isForm
    ? { body: new URLSearchParams(texts(payload)) }
    : { body: JSON.stringify(payload), headers: { "content-type": "application/json" } }
}

const refused = async (response: Response): Promise<never> => {
  throw problemOf(response.status, await response.json().catch(() => null))
}

/** Every answer from 400 on is a problem, but for readiness, whose 503 says what is down. */
const readAnswer = async (route: Route, response: Response): Promise<unknown> => {
  const isPlain = (response.headers.get("content-type") ?? "").startsWith("application/json")
  if (response.status >= 400 && !isPlain) return await refused(response)
  if (response.status === 204) return undefined
  const read = route.read(await response.json().catch(() => null))
  if (Option.isNone(read))
    throw unreadable("This page and the server may be of different versions: reload it.")
  return read.value
}

/** The token is past its time, or nobody's any more: a new one may do. */
const lapsed = (error: ApiProblem): boolean => error.slug === "token-expired" || error.slug === "unauthorized"

export const makeApi = ({ token, renew, refused: tellRefused }: Credentials): Api => {
  const ask = async (
    route: Route,
    request: Loose,
    { signal, headers = {} }: CallOptions
  ): Promise<Response> => {
    const body = bodyOf(route, request)
    const credentials = token()
    return await fetch(addressOf(route, request), {
      method: route.method,
      ...body,
      headers: {
        ...body.headers,
        ...headers,
        ...(credentials === null ? {} : { authorization: `Bearer ${credentials}` })
      },
      ...(signal === undefined ? {} : { signal })
    }).catch(() => {
      throw unreachable
    })
  }

  /** Once more with a new token, where it was only that. */
  const twice = async <A>(once: () => Promise<A>): Promise<A> => {
    try {
      return await once()
    } catch (error) {
      const problem = asProblem(error)
      if (problem.status === 403) tellRefused()
      if (!lapsed(problem) || token() === null || !(await renew())) throw problem
      return await once()
    }
  }

  return {
    call: async <Name extends RouteName>(name: Name, request: Request<Name>, options: CallOptions = {}) => {
      const route = held(name)
      // A request has no other members; and the schema of this very route has read the answer.
      return await twice(
        async () => (await readAnswer(route, await ask(route, request as Loose, options))) as Answer<Name>
      )
    },
    download: async (name, request) => {
      const route = held(name)
      return await twice(async () => {
        const response = await ask(route, request as Loose, {})
        return response.ok ? await response.blob() : await refused(response)
      })
    }
  }
}
