import { type Accessor, createSignal } from "solid-js"
import type { ClientFrame, ServerFrame } from "../../../src/control/api/LiveFrames.ts"
import { type Connection, type ConnectionEvent, step } from "./Connection.ts"
import { readFrame, writeFrame } from "./Frames.ts"
import type { Socket, SocketEvents } from "./Socket.ts"

type Subscribe = Extract<ClientFrame, { type: "subscribe" }>
type Channel = Subscribe["channel"]
/** A frame of a subscription; `heartbeat` is the connection's own. */
export type Frame = Exclude<ServerFrame, { type: "heartbeat" }>

export interface SubscribeOptions {
  readonly filter?: Subscribe["filter"]
  /** From behind this change on; after a loss the feed resumes by itself. */
  readonly after?: string
}

export interface Live {
  readonly connection: Accessor<Connection>
  /** Frames of one subscription, over all reconnects, until the function that it gives is called. */
  readonly subscribe: (
    channel: Channel,
    options: SubscribeOptions,
    receive: (frame: Frame) => void
  ) => () => void
  /** Someone is logged in: hold a connection. */
  readonly start: () => void
  readonly stop: () => void
  /** Try now, whatever the wait. */
  readonly retry: () => void
}

export interface LiveNeeds {
  /** Null: the login has ended. Rejected: not reached. */
  readonly ticket: () => Promise<string | null>
  readonly open: (ticket: string, on: SocketEvents) => Socket
  /** The login ended while the socket was open. Whether there is a new one. */
  readonly renew: () => Promise<boolean>
  readonly now: () => number
  readonly random: () => number
  /** Gives what cancels it. */
  readonly after: (millis: number, run: () => void) => () => void
}

/** The server's heartbeat comes every 15 seconds. */
const silence = 35_000

interface Held {
  readonly channel: Channel
  readonly filter: Subscribe["filter"]
  readonly receive: (frame: Frame) => void
  after: string | undefined
}

/** One connection for the whole page: every subscription goes over it, and comes back with it. */
export const makeLive = (needs: LiveNeeds): Live => {
  const [connection, setConnection] = createSignal<Connection>({ state: "closed" })
  const held = new Map<string, Held>()
  let socket: Socket | null = null
  let names = 0
  /** Grows with each socket: what an older one still says is passed over. */
  let life = 0
  let cancelWait = () => {}
  let cancelSilence = () => {}

  const drop = () => {
    life += 1
    cancelWait()
    cancelSilence()
    socket?.close()
    socket = null
  }

  const happen = (event: ConnectionEvent) => {
    const before = connection()
    const next = step(before, event, { now: needs.now(), random: needs.random() })
    if (next === before) return
    setConnection(next)
    if (next.state === "connecting") connect()
    else if (next.state === "backoff") {
      drop()
      cancelWait = needs.after(next.at - needs.now(), () => happen({ event: "retry" }))
    } else if (next.state === "stale") happen({ event: "retry" })
    else if (next.state === "closed" || next.state === "denied") drop()
  }

  const send = (frame: ClientFrame) => {
    if (connection().state === "open") socket?.send(writeFrame(frame))
  }

  const ask = (id: string, { channel, filter, after }: Held) =>
    send({
      type: "subscribe",
      id,
      channel,
      ...(filter === undefined ? {} : { filter }),
      ...(after === undefined ? {} : { after })
    })

  const watchSilence = () => {
    cancelSilence()
    cancelSilence = needs.after(silence, () => happen({ event: "silent" }))
  }

  const received = (text: string) => {
    watchSilence()
    const frame = readFrame(text)
    if (frame === null || frame.type === "heartbeat") return
    const subscription = frame.id === null ? undefined : held.get(frame.id)
    if (frame.id === null || subscription === undefined) return
    if (frame.type === "events" && frame.cursor !== null) subscription.after = frame.cursor
    if (frame.type === "error" && frame.code === "unknown_cursor") {
      // What it stood at is gone: from now on, and whoever reads it is told.
      subscription.after = undefined
      ask(frame.id, subscription)
    }
    subscription.receive(frame)
  }

  const ended = async (code: number) => {
    // Whether the login can be renewed is not known where nobody answers: that is a loss like any other.
    const isOver = code === 4401 && !(await needs.renew().catch(() => true))
    happen({ event: "lost", code: code === 4401 && !isOver ? null : code })
  }

  const connect = async () => {
    drop()
    const mine = life
    const isMine = () => mine === life
    const ticket = await needs.ticket().catch(() => undefined)
    if (!isMine()) return
    if (ticket === undefined) return happen({ event: "lost", code: null })
    if (ticket === null) return happen({ event: "refused", reason: "expired" })
    socket = needs.open(ticket, {
      opened: () => {
        if (!isMine()) return
        happen({ event: "opened" })
        watchSilence()
        for (const [id, subscription] of held) ask(id, subscription)
      },
      received: (text) => {
        if (isMine()) received(text)
      },
      ended: (code) => {
        if (isMine()) void ended(code)
      }
    })
  }

  return {
    connection,
    subscribe: (channel, { filter, after }, receive) => {
      names += 1
      const id = `${channel}-${names}`
      const subscription: Held = { channel, filter, receive, after }
      held.set(id, subscription)
      ask(id, subscription)
      return () => {
        held.delete(id)
        send({ type: "unsubscribe", id })
      }
    },
    start: () => happen({ event: "wanted" }),
    stop: () => happen({ event: "left" }),
    retry: () => happen({ event: "retry" })
  }
}
