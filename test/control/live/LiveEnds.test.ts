import { assert, it, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { apiLayer, ask, chunks, testSecret, tokenFor } from "../TestApi.ts"
import { deafClient, openLive, readToEnd } from "./LiveClient.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

layer(apiLayer("live_expiry", { tokens: { secret: testSecret, seconds: 2 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("an expired login", (it) => {
  it.effect("ends its sockets with 4401, and those of its tickets", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const answer = yield* ask("/api/v1/ws-tickets", { method: "POST", token })
      const { ticket }: { readonly ticket: string } = JSON.parse(answer.text)
      const byToken = yield* openLive(`?token=${token}`)
      const byTicket = yield* openLive(`?ticket=${ticket}`)
      assert.strictEqual(yield* byToken.closed, 4401)
      assert.strictEqual(yield* byTicket.closed, 4401)
    }).pipe(Effect.scoped)
  )
})

layer(apiLayer("live_slow", { live: { heartbeatMillis: 100, slowMillis: 1000 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("a client that takes nothing at all", (it) => {
  it.effect("is let go of", () =>
    Effect.gen(function* () {
      const query = `?token=${yield* tokenFor("viewer")}`
      yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
      const deaf = yield* deafClient(query, { type: "subscribe", id: "deaf", channel: "events" })
      const beside = yield* openLive(query)
      yield* makeCapture(3).capture(5000, "x".repeat(4000))
      const begin = Date.now()
      // A second longer than it is given, and one shorter than what it was told is waited for.
      for (let last = ""; Date.parse(last) < begin + 2000 || last === ""; ) {
        last = (yield* beside.await("heartbeat", beside.frames.length + 1)).at(-1)?.time ?? ""
      }
      const rest = yield* readToEnd(deaf)
      assert.isBelow(rest.length, 5000 * 4000)
      assert.isTrue(rest.endsWith("\x11\x38too slow"), "4408")
    }).pipe(Effect.scoped)
  )
})

it.live(
  "a server that stops ends its sockets with 1012, at once, and its streams with the reason",
  () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(apiLayer("live_restart", {}, memoryBuffer), scope)
      const token = yield* Effect.provideContext(tokenFor("viewer"), context)
      const client = yield* Effect.provideContext(openLive(`?token=${token}`), context)
      client.send({ type: "subscribe", id: "a", channel: "events" })
      yield* client.await("subscribed")
      const stream = yield* Effect.forkChild(
        Effect.provideContext(ask(`/api/v1/events/stream?token=${token}`), context),
        { startImmediately: true }
      )
      // The stream is open when the next request is answered.
      yield* Effect.provideContext(ask("/api/v1/health/live"), context)
      const begin = performance.now()
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      assert.strictEqual(yield* client.closed, 1012)
      yield* Fiber.join(closing)
      // Below what the server waits for connections that stay.
      assert.isBelow(performance.now() - begin, 1900)
      const { text } = yield* Fiber.join(stream)
      assert.isTrue(text.endsWith('event: end\ndata: {"reason":"restart"}\n\n'), text)
    }).pipe(Effect.scoped),
  30_000
)
