import { assert, describe, it } from "@effect/vitest"
import { status } from "@grpc/grpc-js"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Redacted, Schedule, Scope } from "effect"
import { ReplayEvents } from "../../src/replayer/ReplayEvents.ts"
import { ReplayerServer, type ReplayerServerOptions } from "../../src/replayer/ReplayerServer.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { FakeTarget } from "../replay/FakeTarget.ts"
import { genericClient } from "./GenericClient.ts"

const protocol = "proto/walstream/v1/replayer.proto"
const service = "walstream.v1.Replayer"

const noEvents = Layer.succeed(ReplayEvents, {
  targets: ["fake"],
  apply: () => Effect.never,
  expire: () => Effect.succeed(0)
})

/** A server over a target that only remembers, in a scope of its own. */
const serve = Effect.fnUntraced(function* (options: Partial<ReplayerServerOptions> = {}) {
  const fake = new FakeTarget()
  // Sessions here do not ask for the position first.
  fake.epoch = 1
  const scope = yield* Scope.fork(yield* Effect.scope)
  const built = yield* ReplayerServer.layer({
    host: "127.0.0.1",
    port: 0,
    tls: null,
    token: null,
    version: "1.2.3",
    ...options
  }).pipe(Layer.provide([ActorSystem.layer, fake.layer, noEvents]), Layer.build, Scope.provide(scope))
  const { port, sessions } = Context.get(built, ReplayerServer)
  return { fake, port, sessions, stop: Scope.close(scope, Exit.void) }
})

const open = {
  open: { target: "fake", jobId: "job-1", history: "shop", epoch: 1, startSeq: 1, filter: "[null,null]" }
}

const relation = {
  id: 1,
  fingerprint: "f",
  schema: "shop",
  name: "orders",
  identity: 1,
  columns: [{ name: "id", typeOid: 23, typmod: -1, key: true }]
}

const chunk = (seq: number, cells: ReadonlyArray<string> = [String(seq)]) => ({
  seq,
  incarnation: 1,
  commit: { xid: seq, commitLsn: seq, endLsn: seq, commitTime: seq, count: 1 },
  last: true,
  changes: [{ insert: { relation: 1, after: { cells } } }]
})

const batch = (seq: number, cells?: ReadonlyArray<string>) => ({
  batch: {
    relations: [relation],
    chunks: [chunk(seq, cells)],
    ...(seq === 1 ? {} : { follows: { seq: seq - 1, ordinal: 0 } }),
    until: { seq, ordinal: 0 }
  }
})

const until = (condition: () => boolean) =>
  Effect.repeat(Effect.sync(condition), { until: (met) => met, schedule: Schedule.spaced(5) })

const codeOf = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.map(Effect.flip(effect), (error) =>
    typeof error === "object" && error !== null && "code" in error ? error.code : error
  )

describe("the replayer's server", () => {
  it.live("works with a client that knows an old version of the protocol", () =>
    Effect.gen(function* () {
      const { port, fake } = yield* serve()
      const client = yield* genericClient("test/replayer/golden/old.proto", service, port)
      const stream = client.stream("replay")
      stream.send(open)
      assert.deepInclude(yield* stream.next, { response: "opened" })
      stream.send({ askPosition: {} })
      assert.deepStrictEqual(yield* stream.next, { response: "standing", standing: { position: null } })
      for (const seq of [1, 2]) {
        stream.send(batch(seq))
        assert.deepStrictEqual(yield* stream.next, {
          response: "applied",
          applied: { counters: { processed: 1, duplicate: 0 } }
        })
      }
      stream.end()
      assert.strictEqual(yield* Effect.flip(stream.next), "ended")
      assert.deepStrictEqual(fake.ledger, { seq: 2, ordinal: 0 })
      assert.deepInclude(fake.opened[0], { dedupe: "target", onMismatch: "converge" })
    })
  )

  it.live("says what is wrong with a request, and lets the next session in", () =>
    Effect.gen(function* () {
      const { port, fake, sessions } = yield* serve({ creditBytes: 2000, maxMessageBytes: 10_000 })
      const client = yield* genericClient(protocol, service, port)
      const endOf = (...requests: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
        Effect.gen(function* () {
          const stream = client.stream("replay")
          for (const request of requests) stream.send(request)
          for (;;) yield* stream.next
        })
      assert.strictEqual(yield* codeOf(endOf({ askPosition: {} })), status.INVALID_ARGUMENT)
      assert.strictEqual(yield* codeOf(endOf(open, open)), status.INVALID_ARGUMENT)
      assert.strictEqual(yield* codeOf(endOf(open, {})), status.UNIMPLEMENTED)
      assert.strictEqual(
        yield* codeOf(endOf({ open: { ...open.open, filter: "?" } })),
        status.INVALID_ARGUMENT
      )
      assert.strictEqual(yield* codeOf(endOf({ open: { ...open.open, target: "?" } })), status.NOT_FOUND)
      assert.strictEqual(yield* codeOf(endOf(open, batch(1, ["a", "b"]))), status.INVALID_ARGUMENT)
      assert.strictEqual(
        yield* codeOf(endOf(open, { batch: { chunks: [chunk(1)], until: { seq: 1 } } })),
        status.INVALID_ARGUMENT
      )
      const large = ["x".repeat(1500)]
      fake.mishap = () => ({ millis: 60_000 })
      assert.strictEqual(
        yield* codeOf(endOf(open, batch(1, large), batch(2, large))),
        status.RESOURCE_EXHAUSTED
      )
      assert.strictEqual(
        yield* codeOf(endOf(open, batch(1, ["x".repeat(20_000)]))),
        status.RESOURCE_EXHAUSTED
      )
      const stream = client.stream("replay")
      stream.send(open)
      assert.deepInclude(yield* stream.next, { response: "opened" })
      // Nothing is left of those that went wrong.
      yield* Effect.repeat(sessions, { until: (open) => open === 1, schedule: Schedule.spaced(5) })
    })
  )

  it.live("gives credit back with each answer", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const client = yield* genericClient(protocol, service, port)
      const stream = client.stream("replay")
      stream.send(open)
      stream.send(batch(1))
      stream.send(batch(2))
      assert.deepInclude(yield* stream.next, {
        opened: { creditBytes: 16_777_216, maxMessageBytes: 67_108_864, protocolLevel: 1 }
      })
      for (const _ of [1, 2]) {
        const answer = yield* stream.next
        assert.strictEqual(answer["response"], "applied")
        assert.isAbove(Number(answer["creditBytes"]), 0)
      }
    })
  )

  it.live("rolls back what is under way when its caller cancels, or runs out of time", () =>
    Effect.gen(function* () {
      const { port, fake, sessions } = yield* serve()
      let begun = 0
      fake.mishap = () => {
        begun += 1
        return { millis: 60_000 }
      }
      const client = yield* genericClient(protocol, service, port)
      const begin = Effect.fnUntraced(function* (deadline?: number) {
        const stream = client.stream("replay", deadline)
        stream.send(open)
        yield* stream.next
        stream.send(batch(1))
        return stream
      })
      const cancelled = yield* begin()
      yield* until(() => begun === 1)
      assert.strictEqual(yield* sessions, 1)
      cancelled.cancel()
      yield* until(() => fake.rolledBack === 1)
      const late = yield* begin(Date.now() + 300)
      assert.strictEqual(yield* codeOf(late.next), status.DEADLINE_EXCEEDED)
      yield* until(() => fake.rolledBack === 2)
      yield* Effect.repeat(sessions, { until: (open) => open === 0, schedule: Schedule.spaced(5) })
      const event = {
        target: "fake",
        history: "shop",
        position: { seq: 1 },
        relations: [relation],
        change: { insert: { relation: 1, after: { cells: ["1"] } } }
      }
      assert.strictEqual(
        yield* codeOf(client.unary("replayEvent", event, Date.now() + 200)),
        status.DEADLINE_EXCEEDED
      )
      assert.strictEqual(
        yield* codeOf(client.unary("replayEvent", { target: "fake" })),
        status.INVALID_ARGUMENT
      )
    })
  )

  it.live("drains: tells who watches, finishes the batch under way, refuses new ones", () =>
    Effect.gen(function* () {
      const { port, fake, stop } = yield* serve()
      const gate = yield* Deferred.make<void>()
      const begun = yield* Deferred.make<void>()
      fake.meanwhile = Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate))
      const health = yield* genericClient("proto/grpc/health/v1/health.proto", "grpc.health.v1.Health", port)
      const watch = health.watch("watch", { service })
      assert.deepStrictEqual(yield* watch.next, { status: "SERVING" })
      const client = yield* genericClient(protocol, service, port)
      const busy = client.stream("replay")
      const idle = client.stream("replay")
      for (const stream of [busy, idle]) {
        stream.send(open)
        yield* stream.next
      }
      busy.send(batch(1))
      yield* Deferred.await(begun)
      const stopped = yield* Effect.forkChild(stop)
      assert.deepStrictEqual(yield* watch.next, { status: "NOT_SERVING" })
      assert.strictEqual(yield* codeOf(idle.next), status.UNAVAILABLE)
      assert.strictEqual(yield* codeOf(client.stream("replay").next), status.UNAVAILABLE)
      assert.deepInclude(yield* client.unary("health", {}), { status: "SERVING_STATUS_DRAINING" })
      yield* Deferred.succeed(gate, undefined)
      assert.deepInclude(yield* busy.next, { response: "applied" })
      assert.strictEqual(yield* codeOf(busy.next), status.UNAVAILABLE)
      yield* Fiber.join(stopped)
      assert.strictEqual(fake.applied.length, 1)
      assert.strictEqual(yield* codeOf(health.unary("check", { service })), status.UNAVAILABLE)
    })
  )

  it.live("tells its health and what it speaks to clients that know neither", () =>
    Effect.gen(function* () {
      const { port } = yield* serve({ token: Redacted.make("right") })
      const health = yield* genericClient("proto/grpc/health/v1/health.proto", "grpc.health.v1.Health", port)
      assert.deepStrictEqual(yield* health.unary("check", {}), { status: "SERVING" })
      assert.deepStrictEqual(yield* health.unary("check", { service }), { status: "SERVING" })
      assert.strictEqual(yield* codeOf(health.unary("check", { service: "other" })), status.NOT_FOUND)

      const own = yield* genericClient(protocol, service, port, { token: "right" })
      assert.deepStrictEqual(yield* own.unary("health", {}), {
        status: "SERVING_STATUS_SERVING",
        version: "1.2.3",
        targets: ["fake"],
        sessions: 0,
        protocolLevel: 1
      })
      for (const token of ["wrong", ""]) {
        const stranger = yield* genericClient(protocol, service, port, { token })
        assert.strictEqual(yield* codeOf(stranger.unary("health", {})), status.UNAUTHENTICATED)
        const stream = stranger.stream("replay")
        stream.send(open)
        assert.strictEqual(yield* codeOf(stream.next), status.UNAUTHENTICATED)
      }

      const reflection = yield* genericClient(
        "proto/grpc/reflection/v1/reflection.proto",
        "grpc.reflection.v1.ServerReflection",
        port,
        { token: "right" }
      )
      const stream = reflection.stream("serverReflectionInfo")
      stream.send({ listServices: "" })
      assert.deepNestedInclude(yield* stream.next, {
        "listServicesResponse.service": [
          { name: "grpc.health.v1.Health" },
          { name: "grpc.reflection.v1.ServerReflection" },
          { name: service }
        ]
      })
      const files = (answer: Readonly<Record<string, unknown>>) => {
        const { fileDescriptorResponse } = answer as {
          readonly fileDescriptorResponse: { readonly fileDescriptorProto: ReadonlyArray<Buffer> }
        }
        return fileDescriptorResponse.fileDescriptorProto.map((file) => file.toString("latin1"))
      }
      for (const symbol of [service, `${service}.Replay`, "walstream.v1.TargetFailure.Moved"]) {
        stream.send({ fileContainingSymbol: symbol })
        const [file, imported] = files(yield* stream.next)
        assert.include(file, "walstream/v1/replayer.proto")
        assert.include(imported, "walstream/v1/change.proto")
      }
      stream.send({ fileByFilename: "walstream/v1/change.proto" })
      assert.lengthOf(files(yield* stream.next), 1)
      stream.send({ fileContainingSymbol: "walstream.v1.Nothing" })
      assert.deepNestedInclude(yield* stream.next, { "errorResponse.errorCode": status.NOT_FOUND })
      stream.end()
      assert.strictEqual(yield* Effect.flip(stream.next), "ended")
    })
  )

  it.live("says in one sentence that its port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* serve()
      const error = yield* Effect.flip(serve({ port }))
      assert.strictEqual(
        error.message,
        `the replayer cannot listen on 127.0.0.1:${port}: another program listens there already: stop it, or set REPLAYER_PORT to a free one`
      )
      const bad = { certificate: "no PEM", key: Redacted.make("no PEM"), clientAuthority: null }
      assert.include((yield* Effect.flip(serve({ tls: bad }))).message, "certificate or key")
    })
  )
})
