import { type IncomingMessage, request } from "node:http"
import { Effect } from "effect"
import { type Answer, baseUrl } from "./TestApi.ts"

const answerOf = ({ statusCode = 0, headers }: IncomingMessage, text: string): Answer => ({
  status: statusCode,
  headers: new Headers(Object.entries(headers).map(([name, value]) => [name, String(value)])),
  text,
  json: (headers["content-type"] ?? "").includes("json") ? JSON.parse(text) : null
})

/** The answer to a request for a WebSocket, or the beginning of one to a plain request. What it opens ends with the scope. */
export const handshake = Effect.fnUntraced(function* (
  path: string,
  token: string,
  headers: Readonly<Record<string, string>> = {},
  kind: "upgrade" | "plain" = "upgrade"
) {
  const url = `${yield* baseUrl}/api/v1/${path}`
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ=="
  }
  const opened = yield* Effect.acquireRelease(
    Effect.callback<{ readonly answer: Answer; readonly end: () => void }>((resume) => {
      const asked = request(url, {
        agent: false,
        headers: { authorization: `Bearer ${token}`, ...(kind === "upgrade" ? upgrade : {}), ...headers }
      })
      const end = () => void asked.destroy()
      const given = (response: IncomingMessage, text: string) =>
        resume(Effect.succeed({ answer: answerOf(response, text), end }))
      asked.on("error", () => undefined)
      asked.on("upgrade", (response, socket) => {
        socket.on("error", () => undefined)
        resume(Effect.succeed({ answer: answerOf(response, ""), end: () => void socket.destroy() }))
      })
      asked.on("response", (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (part: string) => {
          text += part
          if (kind === "plain") given(response, text)
        })
        response.on("end", () => given(response, text))
      })
      asked.end()
    }),
    ({ end }) => Effect.sync(end)
  )
  return opened.answer
})
