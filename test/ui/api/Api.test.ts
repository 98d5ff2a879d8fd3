import { afterEach, describe, expect, it, vi } from "vitest"
import { makeApi } from "../../../ui/src/api/Api.ts"

const problem = (slug: string, status: number, more: object = {}) =>
  new Response(
    JSON.stringify({
      type: `https://walstream.dev/problems/${slug}`,
      title: "No",
      request_id: "r-1",
      ...more
    }),
    { status, headers: { "content-type": "application/problem+json" } }
  )
const json = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } })

const answers = (...given: ReadonlyArray<Response | Error>) => {
  const left = [...given]
  const asked = vi.fn(async (_path: string, _init: RequestInit) => {
    const next = left.shift()
    if (next === undefined || next instanceof Error) throw next ?? new Error("not asked for")
    return next
  })
  vi.stubGlobal("fetch", asked)
  return asked
}

afterEach(() => vi.unstubAllGlobals())

const api = (renew = async () => false, refused = () => {}) => makeApi({ token: () => "t", renew, refused })
const me = { id: "1", username: "ann", role: "viewer", scopes: null }

describe("the contract as promises", () => {
  it("path, query and headers are the route's", async () => {
    const asked = answers(json({ items: [], searched: 0 }))
    await api().call("events.recent", { query: { table: "a b", limit: 5 } }, { headers: { "if-match": "x" } })
    const [path, init] = asked.mock.calls[0] ?? []
    expect(path).toBe("/api/v1/events/recent?table=a+b&limit=5")
    expect(init).toMatchObject({ method: "GET", headers: { authorization: "Bearer t", "if-match": "x" } })
  })

  it("a parameter cannot lead to another path", async () => {
    const asked = answers(problem("job-not-found", 404))
    await expect(api().call("jobs.get", { params: { id: "../me?x" } })).rejects.toMatchObject({ status: 404 })
    expect(asked.mock.calls[0]?.[0]).toBe("/api/v1/jobs/..%2Fme%3Fx")
  })

  it("a problem comes with all that a page shows of it", async () => {
    answers(
      problem("invalid-request", 400, { detail: "why", errors: [{ path: "name", message: "is long" }] })
    )
    await expect(api().call("auth.me", {})).rejects.toMatchObject({
      slug: "invalid-request",
      detail: "why",
      requestId: "r-1",
      errors: [{ path: "name", message: "is long" }]
    })
  })

  it("no answer, a proxy's page, and an answer of another shape are told apart", async () => {
    answers(new TypeError("fetch failed"), new Response("<html>", { status: 502 }), json({ id: 1 }))
    await expect(api().call("auth.me", {})).rejects.toMatchObject({ slug: "unreachable", status: 0 })
    await expect(api().call("auth.me", {})).rejects.toMatchObject({ slug: "http", status: 502 })
    await expect(api().call("auth.me", {})).rejects.toMatchObject({ slug: "unreadable" })
  })

  it("an ended login is renewed once, and the request sent again", async () => {
    const asked = answers(problem("token-expired", 401), json(me))
    expect(await api(async () => true).call("auth.me", {})).toEqual(me)
    expect(asked).toHaveBeenCalledTimes(2)
    answers(problem("token-expired", 401))
    await expect(api().call("auth.me", {})).rejects.toMatchObject({ status: 401 })
  })

  it("a role that is not enough is told of: it may be another than it was", async () => {
    const refused = vi.fn()
    answers(problem("forbidden", 403), problem("job-not-found", 404))
    await expect(api(undefined, refused).call("auth.me", {})).rejects.toMatchObject({ status: 403 })
    await expect(api(undefined, refused).call("auth.me", {})).rejects.toMatchObject({ status: 404 })
    expect(refused).toHaveBeenCalledOnce()
  })

  it("readiness is an answer at 503, too", async () => {
    const part = { status: "up", kind: "memory", required: false, reason: null }
    const components = { postgres: part, redis: part, kafka: part, capture: { ...part, state: "capturing" } }
    const body = {
      status: "unavailable",
      draining: false,
      postgres: "down",
      redis: "up",
      kafka: "up",
      components
    }
    answers(json(body, 503))
    expect(await api().call("health.ready", {})).toEqual(body)
  })
})
