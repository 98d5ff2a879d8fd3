import { createServer, type Server } from "node:http"
import type { Duplex } from "node:stream"
import { problemOf, problemType } from "./ProblemBody.ts"
import { commonHeaders } from "./ResponseHeaders.ts"

/** Milliseconds, but for the size. */
export interface ServerBounds {
  /** Until the last header is there. */
  readonly headers: number
  /** Until the last byte of the request is there. */
  readonly request: number
  /** How often connections are held against those two. */
  readonly checks: number
  /** Without a request on a connection. Longer than load balancers keep theirs. */
  readonly idle: number
  /** Bytes of request line and headers. */
  readonly headerBytes: number
}

const bounds: ServerBounds = {
  headers: 10_000,
  request: 30_000,
  checks: 2000,
  idle: 75_000,
  headerBytes: 16_384
}

const statusOf = (code: string | undefined): number => {
  if (code === "HPE_HEADER_OVERFLOW") return 431
  return code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400
}

const headerLines = Object.entries(commonHeaders)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("")

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large"
}

/** For what never became a request. There is nobody to name it to. */
const refuse = (error: Error & { readonly code?: string }, socket: Duplex): void => {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy()
  const status = statusOf(error.code)
  const body = JSON.stringify(problemOf(status))
  socket.end(
    `HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Type: ${problemType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${headerLines}\r\n${body}`
  )
}

/** Whether it asks for a WebSocket. Node would take any other upgrade out of HTTP, too, with its body and its bounds. */
export const isHandshake = (
  method: string | undefined,
  headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
): boolean => method === "GET" && String(headers["upgrade"]).toLowerCase() === "websocket"

/**
 * A server that answers from the moment it listens: 503 until somebody takes requests. Without this, a request that
 * comes while the routes are being made is never answered. Who sends a request drop by drop is let go of.
 */
export const startingServer = (given: Partial<ServerBounds> = {}): Server => {
  const { headers, request, checks, idle, headerBytes } = { ...bounds, ...given }
  const server = createServer(
    {
      headersTimeout: headers,
      requestTimeout: request,
      connectionsCheckingInterval: checks,
      keepAliveTimeout: idle,
      maxHeaderSize: headerBytes,
      shouldUpgradeCallback: ({ method, headers: asked }) => isHandshake(method, asked)
    },
    (message, response) => {
      if (server.listenerCount("request") > 1) return
      message.resume()
      response.writeHead(503, { ...commonHeaders, "retry-after": "1", "content-type": problemType })
      response.end(JSON.stringify({ ...problemOf(503), detail: "starting" }))
    }
  )
  server.maxHeadersCount = 100
  return server.on("clientError", refuse)
}
