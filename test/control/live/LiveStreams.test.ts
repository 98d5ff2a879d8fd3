import { ServerResponse } from "node:http"
import { Duplex } from "node:stream"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { Draining } from "../../../src/control/Draining.ts"
import { LiveChannels } from "../../../src/control/live/LiveChannels.ts"
import { LiveStreams } from "../../../src/control/live/LiveStreams.ts"
import { LoginWatch } from "../../../src/control/live/LoginWatch.ts"

const watched = { count: 0 }
const layer = LiveStreams.layer({ origins: [] }).pipe(
  Layer.provide([
    Draining.layer,
    Layer.mock(LiveChannels, {}),
    Layer.succeed(LoginWatch, {
      ended: () =>
        Effect.suspend(() => {
          watched.count += 1
          return Effect.never
        })
    })
  ])
)

it.effect("a stream's login is watched once, however often its end is asked for", () =>
  Effect.gen(function* () {
    const streams = yield* LiveStreams
    const socket = new Duplex()
    const source = { socket, method: "GET", httpVersionMajor: 1, httpVersionMinor: 1 }
    // Of a request only what is below it is looked at.
    const request = { source, response: new ServerResponse(source as never) } as never
    const by = {
      id: "u",
      username: "u",
      role: "viewer",
      login: { kind: "session", id: "s" },
      scopes: null,
      until: 0
    } as const
    const { ended } = yield* streams.enter(request, by)
    for (let i = 0; i < 100; i++) yield* Effect.raceFirst(ended, Effect.yieldNow)
    assert.strictEqual(watched.count, 1)
  }).pipe(Effect.scoped, Effect.provide(layer))
)
