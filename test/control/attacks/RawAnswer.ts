import { connect } from "node:net"
import { Effect } from "effect"
import { baseUrl } from "../TestApi.ts"

/** What comes back on a connection for exactly these bytes, until the server closes it. */
export const rawAnswer = (bytes: string) =>
  Effect.flatMap(baseUrl, (url) =>
    Effect.promise(
      () =>
        new Promise<string>((resolve) => {
          let answer = ""
          const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes))
          socket.on("data", (data) => {
            answer += data.toString()
          })
          socket.on("close", () => resolve(answer))
        })
    )
  )
