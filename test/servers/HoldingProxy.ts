import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net"
import { Effect, Redacted } from "effect"

/**
 * Stands before a PostgreSQL server, and can keep a client's COMMITs, or other statements, to itself. While it does,
 * the server learns of nothing that the client does, not even of its end: to it the client is frozen.
 */
export interface HoldingProxy {
  /** The same database, through the proxy. */
  readonly url: Redacted.Redacted
  /** From now on nothing that begins with such a statement is passed on; `COMMIT` if none is given. */
  readonly hold: (statement?: string) => void
  /** Whether one was kept back. */
  readonly holds: () => boolean
  /** Passes on what was kept back, and all that follows. */
  readonly release: () => void
}

/** A Parse message's type, length and empty name stand before its text. */
const parseHeader = 6

/** Closes with the scope. */
export const makeHoldingProxy = Effect.fnUntraced(function* (server: Redacted.Redacted) {
  const to = new URL(Redacted.value(server))
  const sockets = new Set<Socket>()
  const kept: Array<() => void> = []
  /** What the statement to keep back begins with. */
  let marker: string | undefined
  const proxy = createServer((client) => {
    if (marker !== undefined && kept.length > 0) {
      client.destroy()
      return
    }
    const upstream = dial(Number(to.port), to.hostname)
    let held = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", () => socket.destroy())
    }
    upstream.pipe(client)
    client.on("data", (chunk: Buffer) => {
      const at = marker === undefined ? -1 : chunk.indexOf(marker)
      if (!held && at < 0) {
        upstream.write(chunk)
        return
      }
      const from = held ? 0 : at - parseHeader
      if (from > 0) upstream.write(chunk.subarray(0, from))
      held = true
      kept.push(() => {
        held = false
        if (upstream.writable) upstream.write(chunk.subarray(from))
      })
    })
    client.on("close", () => {
      if (!held) upstream.destroy()
    })
    upstream.on("close", () => client.destroy())
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => {
      proxy.listen(0, "127.0.0.1", () => resume(Effect.void))
    }),
    () =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        proxy.close(() => resume(Effect.void))
      })
  )
  const url = new URL(to.href)
  // A server that listens on TCP has such an address.
  url.port = String((proxy.address() as AddressInfo).port)
  const made: HoldingProxy = {
    url: Redacted.make(url.href),
    hold: (statement = "COMMIT\0") => {
      marker = statement
    },
    holds: () => kept.length > 0,
    release: () => {
      marker = undefined
      for (const pass of kept.splice(0)) pass()
    }
  }
  return made
})
