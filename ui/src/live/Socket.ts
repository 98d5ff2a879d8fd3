/** A socket as the feed uses one; the tests have their own. */
export interface Socket {
  readonly send: (text: string) => void
  readonly close: () => void
}

export interface SocketEvents {
  readonly opened: () => void
  readonly received: (text: string) => void
  readonly ended: (code: number) => void
}

/** The server's close code of a socket that was never open. */
const neverOpened = 1006

export const openSocket = (ticket: string, on: SocketEvents): Socket => {
  const url = new URL("/api/v1/events/ws", location.href)
  url.protocol = url.protocol.replace("http", "ws")
  url.searchParams.set("ticket", ticket)
  const socket = new WebSocket(url)
  socket.onopen = () => on.opened()
  socket.onmessage = ({ data }) => on.received(String(data))
  socket.onclose = ({ code }) => on.ended(code === 0 ? neverOpened : code)
  return {
    send: (text) => socket.send(text),
    close: () => {
      socket.onmessage = null
      socket.onclose = null
      socket.close()
    }
  }
}
