import { constants, inflateRawSync } from "node:zlib"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { cutBatches } from "../../../src/control/live/EventBatch.ts"
import { eventsFrame } from "../../../src/control/live/FrameText.ts"
import { liveEventsOf } from "../../../src/control/live/LiveEvent.ts"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { apiLayer, chunk, chunks, orders, tokenFor } from "../TestApi.ts"
import { openLive } from "./LiveClient.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"
import { clientFrame, framesOf, openWire, type WireFrame } from "./WireClient.ts"

/** As much of it as is looked at; the other tests hold frames against the contract. */
const Events = Schema.Struct({
  type: Schema.Literal("events"),
  seq: Schema.Int,
  dropped: Schema.Int,
  batch: Schema.Array(Schema.Struct({ seq: Schema.Int }))
})
const decodeEvents = Schema.decodeUnknownOption(Schema.fromJsonString(Events))

/** What a message of `permessage-deflate` says (RFC 7692, 7.2.2). */
const inflated = (payload: Uint8Array): string =>
  inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 255, 255])]), {
    finishFlush: constants.Z_SYNC_FLUSH
  }).toString()

const textOf = ({ payload, isPacked }: WireFrame): string =>
  isPacked ? inflated(payload) : payload.toString()

const eventsIn = (frames: ReadonlyArray<WireFrame>) =>
  frames.filter(({ opcode }) => opcode === 1).flatMap((frame) => Option.toArray(decodeEvents(textOf(frame))))

describe("a shared frame", () => {
  const batchOf = (seq: number, note: string, count = 1) =>
    cutBatches(
      Array.from({ length: count }, (_, i) =>
        liveEventsOf("shop", chunk(seq + i, [{ op: "insert", relation: orders, after: ["7", note] }]))
      ).flat()
    )
  const cases = {
    small: batchOf(1, "a"),
    large: batchOf(1, "Grüße, 世界 🜁 ".repeat(200), 100),
    several: [...batchOf(1, "x".repeat(3000)), ...batchOf(2, "b"), ...batchOf(3, "ö".repeat(40_000))]
  }
  for (const [name, batches] of Object.entries(cases)) {
    it(`says the same compressed or not: ${name}`, () => {
      const frame = eventsFrame({ id: 'a"ü', seq: 3, dropped: 2, cursor: "x", batches })
      const plain = frame.message(false)
      const packed = frame.message(true)
      const text = Buffer.concat(plain.pieces).toString()
      assert.deepStrictEqual(
        JSON.parse(text),
        JSON.parse(
          `{"type":"events","id":"a\\"ü","seq":3,"dropped":2,"cursor":"x","batch":[${batches.map(({ joined }) => joined).join(",")}]}`
        )
      )
      assert.strictEqual(packed.isPacked, name !== "small")
      const bytes = Buffer.concat(packed.pieces)
      assert.strictEqual(packed.isPacked ? inflated(bytes) : bytes.toString(), text)
      if (packed.isPacked) assert.isBelow(bytes.length * 2, Buffer.byteLength(text))
    })
  }
})

const { state, capture } = makeCapture(3)
const query = Effect.map(tokenFor("viewer"), (token) => `?token=${token}`)
const seqsOf = (frames: ReadonlyArray<WireFrame>) =>
  eventsIn(frames).flatMap(({ batch }) => batch.map(({ seq }) => seq))
const deflate = "permessage-deflate; client_max_window_bits"

layer(apiLayer("shared_frames", { live: { heartbeatMillis: 200 } }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("shared frames on the wire", (it) => {
  it.effect("are the same bytes for whoever has the same events, of every length, pings between them", () =>
    Effect.gen(function* () {
      yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
      const clients = [
        yield* openWire(yield* query),
        yield* openWire(yield* query),
        yield* openWire(yield* query, deflate),
        yield* openWire(yield* query, "permessage-deflate; server_max_window_bits=15"),
        // What is compressed for all does not fit into its window.
        yield* openWire(yield* query, "permessage-deflate; server_max_window_bits=9")
      ]
      assert.deepStrictEqual(
        clients.map(({ answer }) => /sec-websocket-extensions: permessage-deflate/iu.test(answer)),
        [false, false, true, true, true]
      )
      const first = state.seq + 1
      for (const [count, size] of [
        [1, 10],
        [1, 600],
        [3, 70_000],
        [250, 400]
      ] as const) {
        for (const { socket } of clients) socket.write(clientFrame(9, Buffer.from(`ping ${size}`)))
        yield* capture(count, "ü".repeat(size / 2))
        for (const client of clients) {
          const isThere = () =>
            seqsOf(client.frames()).at(-1) === state.seq &&
            client.frames().some(({ payload }) => payload.toString() === `ping ${size}`)
          yield* client.until(isThere, `${count} events and a pong`)
        }
      }
      const expected = Array.from({ length: state.seq - first + 1 }, (_, i) => first + i)
      const [one, two, ...packing] = clients.map((client) => {
        const frames = client.frames()
        assert.deepStrictEqual(seqsOf(frames), expected)
        assert.deepStrictEqual(
          eventsIn(frames).map(({ seq, dropped }) => [seq, dropped]),
          eventsIn(frames).map((_, i) => [i + 1, 0])
        )
        assert.strictEqual(frames.filter(({ opcode }) => opcode === 10).length, 4)
        assert.isTrue(frames.every(({ isFinal }) => isFinal))
        return frames.filter(({ payload, isPacked }) => isPacked || payload.includes('"events"'))
      })
      assert.deepStrictEqual(one, two)
      assert.isTrue(one?.some(({ payload }) => payload.length > 65_535))
      assert.isTrue(one?.some(({ payload }) => payload.length > 125 && payload.length <= 65_535))
      assert.deepStrictEqual(
        packing.map((frames) => frames.some(({ isPacked }) => isPacked)),
        [true, true, false]
      )
      assert.deepStrictEqual(packing[0], packing[1])
    }).pipe(Effect.scoped)
  )

  it.effect("nothing follows the end of one that closes while it has not read what was sent", () =>
    Effect.gen(function* () {
      const deaf = yield* openWire(yield* query)
      deaf.socket.pause()
      const beside = yield* openLive(yield* query)
      yield* capture(12_000, "x".repeat(2000))
      yield* beside.await("heartbeat", 2)
      deaf.socket.write(clientFrame(8, Buffer.from([0x03, 0xe8])))
      // Both of that and of more to be sent the server has heard by then.
      yield* capture(1000, "late")
      yield* beside.await("heartbeat", 5)
      deaf.socket.resume()
      yield* deaf.until(() => deaf.socket.destroyed, "closed")
      const { frames, rest } = framesOf(deaf.bytes())
      assert.strictEqual(rest.length, 0)
      assert.strictEqual(frames.at(-1)?.opcode, 8)
      assert.strictEqual(frames.at(-1)?.payload.readUInt16BE(0), 1000)
      assert.strictEqual(frames.filter(({ opcode }) => opcode === 8).length, 1)
      const seqs = seqsOf(frames)
      assert.isNotEmpty(seqs)
      assert.isBelow(seqs.length, 12_000)
    }).pipe(Effect.scoped)
  )
})
