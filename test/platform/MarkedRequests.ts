import { connect } from "node:net"
import { Effect } from "effect"
import { marker } from "./Markers.ts"

interface Asked {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | URLSearchParams
}

const json = { "content-type": "application/json" }

/** Requests that hold what nobody else is to know, well-formed and not, each marker once; and the markers. */
const markedRequests = (token: string) => {
  const markers: Array<string> = []
  const m = (about: string): string => {
    const one = marker(`request-${about}`)
    markers.push(one)
    return one
  }
  const auth = { authorization: `Bearer ${token}` }
  const post = (path: string, body: string | URLSearchParams, headers = {}): Asked => ({
    method: "POST",
    path,
    body,
    headers: { ...(typeof body === "string" ? json : {}), ...headers }
  })
  const requests: ReadonlyArray<Asked> = [
    post("auth/token", new URLSearchParams({ username: "admin", password: m("password") })),
    post("auth/token", `{"username":"admin","password":"${m("cut-short")}`),
    post("auth/token", "x=%zz".concat(m("form")), { "content-type": "application/x-www-form-urlencoded" }),
    post("auth/register", JSON.stringify({ username: "new", password: m("registered") })),
    post("auth/password", JSON.stringify({ current_password: m("current"), new_password: m("next") }), auth),
    post("auth/refresh", "", { cookie: `walstream_refresh=${m("cookie")}` }),
    post("auth/refresh", JSON.stringify({ refresh_token: m("refresh") })),
    { path: "auth/me", headers: { authorization: `Bearer ${m("bearer")}` } },
    { path: "auth/me", headers: { authorization: `Bearer a.${m("jwt")}.c` } },
    { path: "auth/me", headers: { authorization: `Basic ${btoa(m("basic"))}` } },
    { path: "auth/me", headers: { "x-api-key": m("api-key") } },
    {
      path: "auth/me",
      headers: { ...auth, cookie: `session=${m("foreign-cookie")}`, "x-secret": m("header") }
    },
    { path: `events/recent?limit=${m("limit")}`, headers: auth },
    { path: `events/recent?password=${m("unknown-query")}`, headers: auth },
    { path: `events/recent?limit=%00${m("zero")}`, headers: auth },
    { path: `jobs?cursor=${m("cursor")}`, headers: auth },
    { path: `jobs?cursor=%ff%zz${m("malformed-query")}`, headers: auth },
    { path: `events/ws?ticket=${m("ticket")}` },
    { path: `events/stream?ticket=${m("stream-ticket")}`, headers: { accept: "text/event-stream" } },
    post("jobs", `{"name": "${m("broken-body")}`, auth),
    post("jobs", `${m("no-json")}`, auth),
    post(
      "jobs",
      JSON.stringify({ start_time: m("time"), target: m("target"), [m("field")]: m("unknown") }),
      auth
    ),
    post("jobs", JSON.stringify({ start_time: null, speed_factor: m("speed"), tables: [m("table")] }), auth),
    post("jobs", m("other-type"), { ...auth, "content-type": "text/plain" }),
    post("jobs", JSON.stringify({ name: m("large").repeat(30_000) }), auth),
    post("jobs", "{}", { ...auth, "idempotency-key": m("idempotency") }),
    post("system/source/accept-gap", JSON.stringify({ gap: m("gap"), reason: 7 }), auth),
    post("../../rpc", `{"_tag":"Request","id":"1","tag":"${m("rpc")}","payload":{}}`, auth),
    post("../../rpc", m("no-rpc"), auth)
  ]
  return { requests, markers, lineless: m("malformed-head") }
}

/** What is no HTTP, and what comes back. */
const malformed = (url: URL, head: string) =>
  new Promise<void>((done) => {
    const socket = connect(Number(url.port), url.hostname, () => {
      socket.end(`GET /api/v1/jobs HTTP/1.1\r\n${head}\r\n\r\n`)
    })
    socket.resume()
    socket.once("error", () => done())
    socket.once("close", () => done())
  })

/** Sends all of them; how each was answered, and the markers in them. */
export const sendMarkedRequests = (pageUrl: string, token: string) =>
  Effect.promise(async () => {
    const { requests, markers, lineless } = markedRequests(token)
    const statuses: Array<number> = []
    for (const { method = "GET", path, headers = {}, body } of requests) {
      const url = new URL(path, `${pageUrl}/api/v1/`)
      const answer = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
      statuses.push(answer.status)
      await answer.body?.cancel()
    }
    await malformed(new URL(pageUrl), lineless)
    return { statuses, markers }
  })
