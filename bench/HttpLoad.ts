import { connect } from "node:net"
import { setTimeout } from "node:timers/promises"
import { AnswerReader } from "./AnswerReader.ts"

export interface HttpLoadOptions {
  readonly url: string
  /** The whole request, with its blank line. */
  readonly request: string
  readonly perSecond: number
  readonly seconds: number
  readonly connections: number
  /** Whether a body is as it should be; asked of every hundredth. */
  readonly isRight: (body: string) => boolean
}

export interface HttpLoad {
  /** Milliseconds from when each was due. */
  readonly millis: ReadonlyArray<number>
  /** By status; `0` for what was not answered. */
  readonly statuses: Readonly<Record<number, number>>
  /** Bodies that were looked at and not as they should be. */
  readonly wrong: number
}

const looked = 100

/** All connections are read into it: what was read is looked at before the next read. */
const room = Buffer.allocUnsafe(256 * 1024)

/**
 * Open load: requests are due at their time whatever became of those before, and wait for a free connection. One at a time
 * on each, on plain sockets: a client library would take more of the machine than the server.
 */
export const httpLoad = async (options: HttpLoadOptions): Promise<HttpLoad> => {
  const { perSecond, seconds, connections, isRight } = options
  const { hostname, port } = new URL(options.url)
  const request = Buffer.from(options.request)
  const total = perSecond * seconds
  const millis: Array<number> = []
  const statuses: Record<number, number> = {}
  const idle: Array<(due: number, isLooked: boolean) => void> = []
  let answered = 0
  let wrong = 0

  const open = () =>
    new Promise<{ readonly close: () => void }>((resolve, reject) => {
      const reader = new AnswerReader()
      let due = 0
      const take = (length: number): boolean => {
        if (!reader.read(room.subarray(0, length))) return true
        millis.push(performance.now() - due)
        answered += 1
        statuses[reader.status] = (statuses[reader.status] ?? 0) + 1
        if (reader.body !== null && !isRight(reader.body)) wrong += 1
        idle.push(send)
        return true
      }
      const socket = connect({
        host: hostname,
        port: Number(port),
        noDelay: true,
        onread: { buffer: room, callback: take }
      })
      const send = (at: number, isLooked: boolean): void => {
        due = at
        reader.begin(isLooked)
        socket.write(request)
      }
      socket.once("connect", () => {
        idle.push(send)
        resolve({ close: () => socket.destroy() })
      })
      socket.once("error", reject)
    })

  const sockets = await Promise.all(Array.from({ length: connections }, open))
  const begin = performance.now()
  for (let sent = 0; sent < total; ) {
    const due = begin + (sent * 1000) / perSecond
    const send = performance.now() >= due ? idle.shift() : undefined
    // Not spinning: the server needs the core more.
    if (send === undefined) await setTimeout(1)
    else {
      send(due, sent % looked === 0)
      sent += 1
    }
  }
  const patience = performance.now() + 30_000
  while (answered < total && performance.now() < patience) await setTimeout(1)
  for (const { close } of sockets) close()
  return { millis, statuses: answered < total ? { ...statuses, 0: total - answered } : statuses, wrong }
}
