import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Redacted } from "effect"
import { Targets } from "../../src/replay/Target.ts"
import { ReplayerServer } from "../../src/replayer/ReplayerServer.ts"
import { type Span, Tracing } from "../../src/runtime/trace/Tracing.ts"
import { until } from "../faults/Scene.ts"
import { defaults } from "../replay/target/TargetScene.ts"
import { genericClient } from "./GenericClient.ts"
import { clientOf, replayerLayer } from "./TestReplayer.ts"

/** What both ends record. */
const recorder = () => {
  const spans: Array<Span> = []
  return {
    spans,
    tracing: Layer.succeed(Tracing, { ratio: 0, record: (span: Span) => void spans.push(span) })
  }
}

const nowhere = { targets: {}, source: null }

it.live("a worker's call and the replayer's work on it are one trace", () =>
  Effect.gen(function* () {
    const { spans, tracing } = recorder()
    const server = yield* Layer.build(replayerLayer(nowhere).pipe(Layer.provide(tracing)))
    const { port } = Context.get(server, ReplayerServer)
    yield* Effect.scoped(
      Effect.gen(function* () {
        const client = yield* Layer.build(clientOf(port).pipe(Layer.provide(tracing)))
        const session = yield* Context.get(client, Targets).open("there", true, defaults)
        assert.isNull(yield* session.position)
      })
    )
    yield* until(
      "both ends have told",
      Effect.sync(() => spans.length === 2)
    )
    const client = spans.find(({ kind }) => kind === "client")
    const served = spans.find(({ kind }) => kind === "server")
    assert.deepInclude(client, { name: "walstream.v1.Replayer/Replay", parentId: null, failed: null })
    assert.deepStrictEqual(
      [served?.name, served?.traceId, served?.parentId],
      [client?.name, client?.traceId, client?.spanId]
    )
    assert.isAtMost(client?.begun ?? Number.NaN, served?.begun ?? Number.NaN)
    assert.isAtMost(served?.begun ?? Number.NaN, served?.ended ?? Number.NaN)
  }).pipe(Effect.scoped)
)

it.live("a call goes on with its caller's trace, refused ones too, as far as the caller keeps it", () =>
  Effect.gen(function* () {
    const { spans, tracing } = recorder()
    const token = Redacted.make("token")
    const server = yield* Layer.build(replayerLayer(nowhere, { token }).pipe(Layer.provide(tracing)))
    const { port } = Context.get(server, ReplayerServer)
    const traceId = "0af7651916cd43dd8448eb211c80319c"
    const call = Effect.fnUntraced(function* (flags: string, shown: string) {
      const client = yield* genericClient(
        "proto/walstream/v1/replayer.proto",
        "walstream.v1.Replayer",
        port,
        {
          token: shown,
          metadata: { traceparent: `00-${traceId}-b7ad6b7169203331-${flags}` }
        }
      )
      return yield* Effect.exit(client.unary("Health", {}))
    }, Effect.scoped)
    for (const [flags, shown] of [
      ["01", "token"],
      ["01", "another"],
      ["00", "token"]
    ] as const)
      yield* call(flags, shown)
    assert.deepStrictEqual(
      spans.map(({ traceId: of, parentId, attributes, failed }) => [
        of,
        parentId,
        attributes["rpc.grpc.status_code"],
        failed
      ]),
      [
        [traceId, "b7ad6b7169203331", 0, null],
        [traceId, "b7ad6b7169203331", 16, "UNAUTHENTICATED"]
      ]
    )
  }).pipe(Effect.scoped)
)
