import { createServer, type Server } from "node:http"

/**
 * A server that answers from the moment it listens: 503 until somebody takes requests. Without this, a request that
 * comes while the routes are being made is never answered.
 */
export const startingServer = (): Server => {
  const server = createServer((request, response) => {
    if (server.listenerCount("request") > 1) return
    request.resume()
    response.writeHead(503, { "retry-after": "1", "content-type": "application/problem+json" })
    response.end(JSON.stringify({ type: "about:blank", title: "Starting", status: 503 }))
  })
  return server
}
