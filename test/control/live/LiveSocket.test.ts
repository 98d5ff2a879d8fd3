import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { LiveBuffer } from "../../../src/log/LiveBuffer.ts"
import { JobStore } from "../../../src/replay/JobStore.ts"
import { apiLayer, ask, baseUrl, chunks, member, tokenFor } from "../TestApi.ts"
import { spec } from "../TestControl.ts"
import { deafClient, openLive, subscribed } from "./LiveClient.ts"
import { makeCapture, memoryBuffer } from "./LiveScene.ts"

const { state, capture } = makeCapture(3)

const query = Effect.map(tokenFor("viewer"), (token) => `?token=${token}`)

const ticketFor = Effect.fnUntraced(function* (token: string) {
  const answer = yield* ask("/api/v1/ws-tickets", { method: "POST", token })
  assert.strictEqual(answer.status, 200)
  return String(member(answer.json, "ticket"))
})

const live = { heartbeatMillis: 200 }

layer(apiLayer("live", { live, corsOrigins: ["https://app.example"] }, memoryBuffer), {
  timeout: "60 seconds",
  excludeTestServices: true
})("events/ws", (it) => {
  it.effect("gives what is captured after a subscription, in order, each once", () =>
    Effect.gen(function* () {
      yield* LiveBuffer.use((buffer) => buffer.append(chunks.toReversed()))
      const client = yield* subscribed(yield* query)
      for (let i = 0; i < 20; i++) yield* capture(10)
      const events = yield* client.events(200)
      assert.deepStrictEqual(
        events.map((event) => event.seq),
        Array.from({ length: 200 }, (_, i) => state.seq - 199 + i)
      )
      const frames = yield* client.await("events")
      assert.deepStrictEqual(
        frames.map((frame) => frame.seq),
        frames.map((_, i) => i + 1)
      )
      assert.strictEqual(frames.at(-1)?.cursor, events.at(-1)?.position)
      assert.isTrue(frames.every(({ dropped, batch }) => dropped === 0 && batch.length <= 256))
      yield* client.await("heartbeat")
    }).pipe(Effect.scoped)
  )

  it.effect("filters at the server, several subscriptions on one socket", () =>
    Effect.gen(function* () {
      const client = yield* subscribed(yield* query, { filter: { text: "WANTED" } })
      client.send({
        type: "subscribe",
        id: "keys",
        channel: "events",
        filter: { key: String(state.seq + 3) }
      })
      client.send({ type: "subscribe", id: "none", channel: "events", filter: { table: "depot.stock" } })
      yield* client.await("subscribed", 3)
      yield* capture(2, "not this")
      yield* capture(2, "is wanted")
      const frames = yield* client.await("events", 2)
      const of = (id: string) => frames.filter((frame) => frame.id === id).flatMap(({ batch }) => batch)
      assert.deepStrictEqual(
        of("a").map((event) => event.after?.["note"]),
        ["is wanted", "is wanted"]
      )
      assert.deepStrictEqual(
        of("keys").map((event) => event.seq),
        [state.seq - 1]
      )
      assert.isEmpty(of("none"))

      client.send({ type: "unsubscribe", id: "a" })
      client.send({ type: "subscribe", id: "a", channel: "events" })
      yield* client.await("subscribed", 4)
      yield* capture(1, "anything")
      yield* client.events(4)
    }).pipe(Effect.scoped)
  )

  it.effect("goes on behind a cursor, and says what is no longer held or not known", () =>
    Effect.gen(function* () {
      const after = "0000000000000200-0000000000"
      const client = yield* subscribed(yield* query, { after })
      yield* capture(1)
      const events = yield* client.events(state.seq - 1)
      assert.deepStrictEqual(
        events.slice(0, 2).map(({ position }) => position),
        ["0000000000000200-0000000001", "0000000000000300-0000000000"]
      )
      assert.deepStrictEqual(
        events.slice(1).map((event) => event.seq),
        Array.from({ length: state.seq - 2 }, (_, i) => i + 3)
      )

      client.send({ type: "subscribe", id: "b", channel: "events", after: "0000000000FF0000-0000000000" })
      assert.include((yield* client.await("error"))[0], { id: "b", code: "unknown_cursor" })

      // Everything of then leaves the buffer.
      for (let i = 0; i < 21; i++) yield* capture(1000)
      const late = yield* subscribed(yield* query, { after })
      const [missing] = yield* late.await("notice")
      const { firstSeq } = yield* LiveBuffer.use((live) => live.coverage)
      assert.deepStrictEqual(missing?.notice, { code: "missing", from_seq: 2, until_seq: firstSeq })
      const all = yield* late.events(state.seq - firstSeq + 1)
      assert.strictEqual(all[0]?.seq, firstSeq)
      assert.strictEqual(all.at(-1)?.seq, state.seq)
    }).pipe(Effect.scoped)
  )

  it.effect("says where the log has a hole, and goes on behind it", () =>
    Effect.gen(function* () {
      const client = yield* subscribed(yield* query)
      yield* capture(1)
      const before = state.seq
      state.seq += 10
      yield* capture(2)
      const events = yield* client.events(3)
      assert.deepStrictEqual(
        events.map((event) => event.seq),
        [before, before + 11, before + 12]
      )
      const [notice] = yield* client.await("notice")
      assert.deepStrictEqual(notice?.notice, {
        code: "missing",
        from_seq: before + 1,
        until_seq: before + 11
      })
    }).pipe(Effect.scoped)
  )

  it.effect("a client that does not read loses its oldest events and is told; one beside it loses none", () =>
    Effect.gen(function* () {
      const asked = { type: "subscribe", id: "deaf", channel: "events" }
      const deaf = yield* deafClient(yield* query, asked)
      const fast = yield* subscribed(yield* query)
      const first = state.seq + 1
      const large = "x".repeat(3000)
      for (let i = 0; i < 14; i++) {
        yield* capture(1000, large)
        yield* fast.events((i + 1) * 1000)
      }
      const got = yield* fast.events(14_000)
      assert.strictEqual(got[0]?.seq, first)
      assert.isTrue((yield* fast.await("events")).every(({ dropped }) => dropped === 0))

      // It reads again before it is let go of, and what was dropped adds up.
      const text = yield* Effect.callback<string>((resume) => {
        let heard = ""
        deaf.on("data", (part: Buffer) => {
          heard += part.toString("latin1")
          if (heard.includes(`"seq":${state.seq},`)) resume(Effect.succeed(heard))
        })
        deaf.on("close", () => resume(Effect.succeed(heard)))
        deaf.resume()
      })
      const dropped = [...text.matchAll(/"dropped":(\d+)/gu)].reduce((sum, [, n]) => sum + Number(n), 0)
      const received = [...text.matchAll(/"position":"/gu)].length
      assert.isAbove(dropped, 1000)
      assert.strictEqual(received + dropped, 14_000)
    }).pipe(Effect.scoped)
  )

  it.effect("an event that is too large comes as its head, with where the whole of it is", () =>
    Effect.gen(function* () {
      const client = yield* subscribed(yield* query)
      yield* capture(1, "y".repeat(2_000_000))
      yield* capture(1, "small")
      const [cut, small] = yield* client.events(2)
      assert.isNull(cut?.after)
      assert.strictEqual(cut?.cut?.href, `/api/v1/events/${cut?.position}`)
      assert.isAbove(cut?.cut?.bytes ?? 0, 2_000_000)
      assert.strictEqual(small?.after?.["note"], "small")
    }).pipe(Effect.scoped)
  )

  it.effect("tells of jobs: as they are, as they change, and that they are gone", () =>
    Effect.gen(function* () {
      const store = yield* JobStore
      const { id } = yield* store.create(spec)
      const client = yield* openLive(yield* query)
      client.send({ type: "subscribe", id: "jobs", channel: "jobs" })
      yield* client.await("subscribed")
      const seen = () =>
        client.frames.flatMap((frame) =>
          frame.type === "job" && frame.job_id === id ? [frame.job?.status ?? "gone"] : []
        )
      yield* client.await("job")
      yield* store.act(id, "start")
      yield* client.await("job", 2)
      yield* store.act(id, "cancel")
      yield* client.await("job", 3)
      yield* store.remove(id)
      yield* client.await("job", 4)
      assert.deepStrictEqual(seen(), ["pending", "queued", "cancelled", "gone"])
    }).pipe(Effect.scoped)
  )

  it.effect("messages are told only where the source is captured", () =>
    Effect.gen(function* () {
      const client = yield* openLive(yield* query)
      client.send({ type: "subscribe", id: "m", channel: "messages" })
      assert.include((yield* client.await("error"))[0], { id: "m", code: "not_here" })
    }).pipe(Effect.scoped)
  )

  it.effect("says what is wrong with a frame, and goes on", () =>
    Effect.gen(function* () {
      const client = yield* openLive(yield* query)
      client.send("{")
      client.send({ type: "subscribe", id: "a", channel: "nothing" })
      client.send({ type: "subscribe", id: "a", channel: "events", colour: "red" })
      for (let i = 0; i < 18; i++)
        client.send({ type: "subscribe", id: `s${Math.min(i, 16)}`, channel: "events" })
      const errors = yield* client.await("error", 5)
      assert.deepStrictEqual(
        errors.map(({ code }) => code),
        [
          "invalid_frame",
          "invalid_frame",
          "invalid_frame",
          "too_many_subscriptions",
          "too_many_subscriptions"
        ]
      )
      client.send({ type: "subscribe", id: "s0", channel: "events" })
      assert.strictEqual((yield* client.await("error", 6)).at(-1)?.code, "id_taken")
      client.send(JSON.stringify({ type: "subscribe", id: "x".repeat(70_000), channel: "events" }))
      assert.strictEqual(yield* client.closed, 1009)
    }).pipe(Effect.scoped)
  )

  it.effect("a ticket opens one socket, once", () =>
    Effect.gen(function* () {
      const ticket = yield* ticketFor(yield* tokenFor("viewer"))
      const client = yield* subscribed(`?ticket=${ticket}`)
      yield* capture(1)
      yield* client.events(1)
      assert.strictEqual((yield* Effect.flip(openLive(`?ticket=${ticket}`)))._tag, "Refused")
      const again = yield* ask(`/api/v1/events/ws?ticket=${ticket}`)
      assert.strictEqual(again.status, 401)
      assert.notInclude(again.text, ticket)
    }).pipe(Effect.scoped)
  )

  it.effect("takes a token in a header, and one credential only", () =>
    Effect.gen(function* () {
      const token = yield* tokenFor("viewer")
      const client = yield* openLive("", { authorization: `Bearer ${token}` })
      yield* client.await("heartbeat")
      const both = yield* ask(`/api/v1/events/ws?ticket=${yield* ticketFor(token)}`, { token })
      assert.strictEqual(both.status, 400)
      assert.strictEqual((yield* ask("/api/v1/events/ws")).status, 401)
      assert.strictEqual((yield* ask(`/api/v1/events/ws?token=a.b.c`)).status, 401)
      // Elsewhere an address is no place for a credential.
      assert.strictEqual((yield* ask(`/api/v1/jobs?token=${token}`)).status, 401)
      assert.strictEqual((yield* ask("/api/v1/events/ws", { token })).status, 426)
    }).pipe(Effect.scoped)
  )

  it.effect("pages of other origins are refused", () =>
    Effect.gen(function* () {
      const at = yield* query
      assert.strictEqual(
        (yield* Effect.flip(openLive(at, { origin: "https://evil.example" })))._tag,
        "Refused"
      )
      for (const origin of [yield* baseUrl, "https://app.example"]) {
        const client = yield* openLive(at, { origin })
        yield* client.await("heartbeat")
      }
    }).pipe(Effect.scoped)
  )

  it.effect("one user has ten sockets", () =>
    Effect.gen(function* () {
      const at = yield* query
      for (let i = 0; i < 10; i++) yield* openLive(at)
      assert.strictEqual((yield* Effect.flip(openLive(at)))._tag, "Refused")
      yield* openLive(`?token=${yield* tokenFor("operator")}`)
    }).pipe(Effect.scoped)
  )

  it.effect("ends at once with 4403 when its user is disabled", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const client = yield* openLive(yield* query)
      const other = yield* openLive(`?token=${yield* tokenFor("operator")}`)
      yield* client.await("heartbeat")
      yield* sql`UPDATE users SET is_active = false WHERE username = 'test-viewer'`
      assert.strictEqual(yield* client.closed, 4403)
      yield* sql`UPDATE users SET is_active = true WHERE username = 'test-viewer'`
      yield* other.await("heartbeat", other.frames.length + 2)
    }).pipe(Effect.scoped)
  )
})
