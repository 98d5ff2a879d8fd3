import { fileURLToPath } from "node:url"
import {
  type ClientDuplexStream,
  type ClientOptions,
  credentials,
  Metadata,
  makeClientConstructor,
  type ServiceDefinition,
  type ServiceError
} from "@grpc/grpc-js"
import { loadSync } from "@grpc/proto-loader"
import { Effect } from "effect"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** What such a client sends and gets: JSON-like, by the proto files alone. */
type Message = Readonly<Record<string, unknown>>

export interface GenericStream {
  readonly send: (message: Message) => void
  readonly end: () => void
  readonly cancel: () => void
  /** The next answer; fails with how the call ended. */
  readonly next: Effect.Effect<Message, ServiceError | "ended">
}

const makeStream = (call: ClientDuplexStream<Message, Message>): GenericStream => {
  const answers: Array<Effect.Effect<Message, ServiceError | "ended">> = []
  let waiting: (() => void) | undefined
  let ended = false
  const come = (answer: Effect.Effect<Message, ServiceError | "ended">, last: boolean) => {
    if (ended) return
    ended = last
    answers.push(answer)
    waiting?.()
  }
  call.on("data", (message: Message) => come(Effect.succeed(message), false))
  call.on("error", (error: ServiceError) => come(Effect.fail(error), true))
  call.on("end", () => setImmediate(() => come(Effect.fail("ended"), true)))
  return {
    send: (message) => void call.write(message),
    end: () => void call.end(),
    cancel: () => call.cancel(),
    next: Effect.flatten(
      Effect.callback<Effect.Effect<Message, ServiceError | "ended">>((resume) => {
        const look = () => {
          const answer = ended && answers.length === 1 ? answers[0] : answers.shift()
          if (answer === undefined) waiting = look
          else {
            waiting = undefined
            resume(Effect.succeed(answer))
          }
        }
        look()
      })
    )
  }
}

export interface GenericOptions {
  readonly token?: string
  /** Beside the token. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly client?: ClientOptions
}

/** A client that knows nothing of this program but a .proto file, as one in another language would. */
export const genericClient = Effect.fnUntraced(function* (
  file: string,
  service: string,
  port: number,
  { token, metadata: further = {}, client: clientOptions }: GenericOptions = {}
) {
  const loaded = loadSync(`${root}/${file}`, {
    includeDirs: [`${root}/proto`],
    longs: Number,
    enums: String,
    defaults: true,
    oneofs: true
  })
  // The loader's map holds messages and services; this name is a service's.
  const Client = makeClientConstructor(loaded[service] as ServiceDefinition, service)
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new Client(`127.0.0.1:${port}`, credentials.createInsecure(), clientOptions)),
    (opened) => Effect.sync(() => opened.close())
  )
  const metadata = new Metadata()
  if (token !== undefined) metadata.set("authorization", `Bearer ${token}`)
  for (const [name, value] of Object.entries(further)) metadata.set(name, value)
  const method = (name: string) => {
    const found = client[name]
    if (found === undefined) throw new RangeError(`no method ${name}`)
    return found.bind(client)
  }
  return {
    unary: (name: string, request: Message, deadline = Number.POSITIVE_INFINITY) =>
      Effect.callback<Message, ServiceError>((resume) => {
        method(name)(request, metadata, { deadline }, (error: ServiceError | null, answer: Message) =>
          resume(error === null ? Effect.succeed(answer) : Effect.fail(error))
        )
      }),
    stream: (name: string, deadline = Number.POSITIVE_INFINITY): GenericStream =>
      makeStream(method(name)(metadata, { deadline })),
    watch: (name: string, request: Message): GenericStream =>
      makeStream(method(name)(request, metadata) as ClientDuplexStream<Message, Message>)
  }
})
