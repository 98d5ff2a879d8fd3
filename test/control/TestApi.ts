import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { HttpServer } from "effect/http"
import type { Role } from "../../src/control/api/Role.ts"
import type { SourceJson } from "../../src/control/api/SystemApi.ts"
import { hashPassword } from "../../src/control/auth/PasswordHash.ts"
import { Users } from "../../src/control/auth/Users.ts"
import { type ControlServerOptions, layerControlServer } from "../../src/control/ControlServer.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { layerMemoryLimiter } from "../../src/control/limits/MemoryLimiter.ts"
import { layerMemoryTickets } from "../../src/control/live/MemoryTickets.ts"
import { type TicketHolder, Tickets, TicketsError } from "../../src/control/live/Tickets.ts"
import { SourceView } from "../../src/control/SourceView.ts"
import { ThisProcess } from "../../src/control/ThisProcess.ts"
import type { Coverage, Incarnation } from "../../src/domain/Log.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { sliceChunk } from "../../src/log/ChunkSlice.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import type { LogError } from "../../src/log/LogError.ts"
import { historyName } from "../../src/replay/HistoryName.ts"
import { Targets } from "../../src/replay/Target.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { capturing } from "./SourceFixture.ts"
import { controlLayer } from "./TestControl.ts"

export const orders = makeRelation({
  schema: "public",
  name: "orders",
  identity: "default",
  columns: [
    { name: "id", typeOid: 20, typmod: -1, typeName: "", key: true },
    { name: "note", typeOid: 25, typmod: -1, typeName: "", key: false }
  ]
})
const stock = makeRelation({ ...orders, schema: "depot", name: "stock" })

export const chunk = (seq: number, changes: ArchivedChunk["changes"]): ArchivedChunk => ({
  seq,
  incarnation: 1,
  firstOrdinal: 0,
  last: true,
  bytes: 10,
  changes,
  commit: {
    xid: 700 + seq,
    commitLsn: BigInt(seq) * 256n,
    endLsn: BigInt(seq) * 256n + 8n,
    commitTime: 1_767_323_045_000_000 + seq,
    origin: null,
    count: changes.length
  }
})

/** Newest first. */
export const chunks = [
  chunk(3, [{ op: "truncate", relations: [stock, orders], cascade: false, restartIdentity: true }]),
  chunk(2, [
    { op: "update", relation: orders, before: null, after: ["7", "Gelöscht"] },
    { op: "delete", relation: stock, before: ["9", 2] }
  ]),
  chunk(1, [{ op: "insert", relation: orders, after: ["7", "first note"] }])
]

const coverage: Coverage = {
  firstSeq: 1,
  nextSeq: 4,
  fromTime: 1_767_323_045_000_001,
  toTime: 1_767_323_050_000_000,
  toLsn: null
}

export const incarnation: Incarnation = {
  number: 1,
  systemIdentifier: "7",
  timeline: 1,
  database: "shop",
  slot: "walstream_slot",
  firstSeq: 1,
  startLsn: 256n,
  gap: null
}
export const testHistory = historyName("shop", [incarnation])

/** What is wrong with capture; a test that sets it puts it back. */
export const trouble: { current: Partial<SourceJson> } = { current: {} }

/** What the stores fail with; a test that sets it puts it back. */
export const storesFail: { current: LogError | null } = { current: null }

/** What the live buffer alone fails with; a test that sets it puts it back. */
export const bufferFails: { current: LogError | null } = { current: null }

const orFails = <A>(answer: A) =>
  Effect.suspend(() =>
    storesFail.current === null ? Effect.succeed(answer) : Effect.fail(storesFail.current)
  )

/** Holds the four changes, and gets no more. */
const stillBuffer = Layer.mock(LiveBuffer, {
  kind: "memory",
  coverage: Effect.suspend(() =>
    bufferFails.current === null ? orFails(coverage) : Effect.fail(bufferFails.current)
  ),
  recent: () => orFails(chunks),
  read: () => Stream.never,
  stats: orFails({ changes: 4, bytes: 40, maxChanges: 100 })
})

const Stores = Layer.mergeAll(
  Layer.mock(Archive, {
    kind: "sqlite",
    coverage: orFails(coverage),
    reach: orFails(undefined),
    coverageChanges: Stream.empty,
    resolve: (bound) =>
      Effect.succeed(
        chunks.findLast(({ commit }) =>
          bound._tag === "Lsn" ? commit.commitLsn >= bound.lsn : commit.commitTime >= bound.time
        )?.seq ?? 4
      ),
    volume: (start, end) => {
      const held = chunks.filter(({ seq }) => seq >= start && seq < end)
      const count = held.reduce((sum, { changes }) => sum + changes.length, 0)
      return Effect.succeed({ transactions: held.length, changes: count, bytes: held.length * 10 })
    },
    read: ({ seq, ordinal }) =>
      Stream.succeed(chunks.filter((held) => held.seq === seq).map((held) => sliceChunk(held, ordinal))),
    incarnations: orFails([incarnation])
  }),
  Layer.mock(Targets, { names: ["default", "second"] }),
  Layer.sync(SourceView, () => ({
    source: "shop",
    here: true,
    read: Effect.sync(() => ({ ...capturing, ...trouble.current }))
  }))
)

const testTickets = Layer.effect(
  Tickets,
  Effect.map(Tickets, (tickets) => ({
    ...tickets,
    issue: (holder: TicketHolder) =>
      storesFail.current === null
        ? tickets.issue(holder)
        : Effect.fail(new TicketsError({ detail: storesFail.current.message }))
  }))
).pipe(Layer.provide(layerMemoryTickets))

export const testSecret = Redacted.make("a secret of this test, long enough")

/** The whole server on a free port, on a real control database. */
export const apiLayer = (
  database: string,
  options: Partial<ControlServerOptions> = {},
  buffer: Layer.Layer<LiveBuffer> = stillBuffer
) =>
  layerControlServer({
    host: "127.0.0.1",
    port: 0,
    tokens: { secret: testSecret, seconds: 3600 },
    ...options
  }).pipe(
    Layer.provideMerge(Layer.mergeAll(layerJobStorePg, Users.layer, layerMemoryLimiter, testTickets)),
    Layer.provideMerge(
      Layer.mergeAll(Stores, buffer, ActorSystem.layer, ThisProcess.layer("control", "0.0.0"))
    ),
    Layer.provideMerge(controlLayer(database)),
    Layer.orDie
  )

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, or null. */
  readonly json: Schema.Json
}

export interface Ask {
  readonly method?: string
  readonly token?: string | undefined
  readonly body?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

const decodeJson = Schema.decodeUnknownSync(Schema.Json)

export const baseUrl = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  return "port" in address ? `http://127.0.0.1:${address.port}` : "no TCP server"
})

export const ask = Effect.fnUntraced(function* (path: string, options: Ask = {}) {
  const base = yield* baseUrl
  return yield* Effect.promise(async (): Promise<Answer> => {
    const { method, token, body, form, headers } = options
    const response = await fetch(`${base}${path}`, {
      method: method ?? (body === undefined && form === undefined ? "GET" : "POST"),
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers
      },
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
    })
    const text = await response.text()
    const isJson = /\bjson\b/u.test(response.headers.get("content-type") ?? "")
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? decodeJson(JSON.parse(text)) : null
    }
  })
})

/** The JSON object's member, or null. */
export const member = (json: Schema.Json, name: string): Schema.Json =>
  typeof json === "object" && json !== null && name in json
    ? (Object.entries(json).find(([key]) => key === name)?.[1] ?? null)
    : null

/** A user of this role, made on demand, and a token for it. */
export const tokenFor = Effect.fnUntraced(function* (role: Role) {
  const sql = yield* PgClient.PgClient
  const hash = yield* hashPassword(Redacted.make("a good password"))
  yield* sql`INSERT INTO users (username, password_hash, role) VALUES (${`test-${role}`}, ${hash}, ${role}) ON CONFLICT DO NOTHING`
  const answer = yield* ask("/api/v1/auth/token", {
    form: { grant_type: "password", username: `test-${role}`, password: "a good password" }
  })
  return String(member(answer.json, "access_token"))
})
