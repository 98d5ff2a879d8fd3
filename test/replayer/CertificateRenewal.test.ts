import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Queue, Redacted, Stream } from "effect"
import { Targets } from "../../src/replay/Target.ts"
import type { ClientTls, ServerTls } from "../../src/replayer/ReplayerSecurity.ts"
import { ReplayerServer } from "../../src/replayer/ReplayerServer.ts"
import { until } from "../faults/Scene.ts"
import { defaults } from "../replay/target/TargetScene.ts"
import { clientOf, replayerLayer } from "./TestReplayer.ts"

const pem = (name: string) => readFileSync(new URL(`certificates/${name}`, import.meta.url), "utf8")
const key = (name: string) => Redacted.make(pem(name))

const first: ServerTls = { certificate: pem("server.pem"), key: key("server.key"), clientAuthority: null }
const next: ServerTls = {
  certificate: pem("next-server.pem"),
  key: key("next-server.key"),
  clientAuthority: null
}
const knowsFirst: ClientTls = { authority: pem("authority.pem"), identity: null }
const knowsNext: ClientTls = { authority: pem("next-authority.pem"), identity: null }

const lines: Array<string> = []
const capture = Logger.layer([Logger.make<unknown, void>(({ message }) => void lines.push(String(message)))])
const told = (words: string) =>
  until(
    words,
    Effect.sync(() => lines.some((line) => line.includes(words)))
  )

const opened = (port: number, tls: ClientTls) =>
  Effect.flatMap(Layer.build(clientOf(port, { tls, openMillis: 5000 })), (client) =>
    Context.get(client, Targets).open("there", true, defaults)
  )
/** Whether a new connection comes about. */
const connects = (port: number, tls: ClientTls) =>
  opened(port, tls).pipe(
    Effect.scoped,
    Effect.as(true),
    Effect.catchTag("TargetError", () => Effect.succeed(false))
  )

it.live(
  "a replayer's new certificate is for new connections, and those that stand go on; a broken one changes nothing",
  () =>
    Effect.gen(function* () {
      const renewals = yield* Queue.unbounded<ServerTls>()
      const server = yield* Layer.build(
        replayerLayer({ targets: {}, source: null }, { tls: first, tlsRenewals: Stream.fromQueue(renewals) })
      )
      const { port } = Context.get(server, ReplayerServer)
      const standing = yield* opened(port, knowsFirst)
      assert.deepStrictEqual(
        [yield* connects(port, knowsFirst), yield* connects(port, knowsNext)],
        [true, false]
      )

      yield* Queue.offer(renewals, { ...next, key: first.key })
      yield* told("cannot be used")
      assert.isTrue(yield* connects(port, knowsFirst))

      yield* Queue.offer(renewals, next)
      yield* told("were read anew")
      assert.deepStrictEqual(
        [yield* connects(port, knowsFirst), yield* connects(port, knowsNext)],
        [false, true]
      )
      assert.isNull(yield* standing.position)
    }).pipe(Effect.scoped, Effect.provide(capture))
)

it.live("a worker that gets the new authority reaches the replayer again", () =>
  Effect.gen(function* () {
    const server = yield* Layer.build(replayerLayer({ targets: {}, source: null }, { tls: next }))
    const { port } = Context.get(server, ReplayerServer)
    const renewals = yield* Queue.unbounded<ClientTls>()
    const client = yield* Layer.build(
      clientOf(port, { tls: knowsFirst, tlsRenewals: Stream.fromQueue(renewals), openMillis: 5000 })
    )
    const open = Effect.scoped(Context.get(client, Targets).open("there", true, defaults))
    assert.strictEqual((yield* Effect.flip(open)).reason._tag, "Refused")
    yield* Queue.offer(renewals, knowsNext)
    yield* until("it is let in", Effect.as(open, true))
  }).pipe(Effect.scoped)
)
