import { type AddressInfo, createServer, connect as dial, type Socket } from "node:net"
import { Effect } from "effect"

/** Stands before a Kafka broker and loses what it is told to, once each time. */
export interface LossyProxy {
  /** What the broker has to advertise. */
  readonly port: number
  readonly connectTo: (brokerPort: number) => void
  /** The next Produce request reaches the broker; its answer is swallowed and the connection cut. */
  readonly loseAnswer: () => void
  /** The next Produce request is swallowed and the connection cut. */
  readonly loseRequest: () => void
  /** How often something was lost. */
  readonly lost: () => number
}

/** Kafka's number for Produce, and the bytes of a frame's length. */
const [produce, lengthBytes] = [0, 4]

/** Cuts a stream into frames. */
const framer = (onFrame: (frame: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  return (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= lengthBytes && rest.length >= lengthBytes + rest.readInt32BE(0)) {
      const end = lengthBytes + rest.readInt32BE(0)
      onFrame(rest.subarray(0, end))
      rest = rest.subarray(end)
    }
  }
}

/** Closes with the scope. */
export const makeLossyProxy = Effect.gen(function* () {
  const sockets = new Set<Socket>()
  let brokerPort = 0
  let toLose: "answer" | "request" | null = null
  let lost = 0
  const proxy = createServer((client) => {
    const upstream = dial(brokerPort, "127.0.0.1")
    /** The request whose answer is not to reach the client. */
    let swallowed: number | undefined
    const cut = () => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on("error", cut)
      socket.on("close", cut)
    }
    client.on(
      "data",
      framer((frame) => {
        if (frame.readInt16BE(lengthBytes) === produce && toLose !== null) {
          const what = toLose
          toLose = null
          lost++
          if (what === "request") return cut()
          swallowed = frame.readInt32BE(lengthBytes + 4)
        }
        if (upstream.writable) upstream.write(frame)
      })
    )
    upstream.on(
      "data",
      framer((frame) => {
        if (swallowed === frame.readInt32BE(lengthBytes)) cut()
        else if (client.writable) client.write(frame)
      })
    )
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
  const made: LossyProxy = {
    // A server that listens on TCP has such an address.
    port: (proxy.address() as AddressInfo).port,
    connectTo: (port) => {
      brokerPort = port
    },
    loseAnswer: () => {
      toLose = "answer"
    },
    loseRequest: () => {
      toLose = "request"
    },
    lost: () => lost
  }
  return made
})
