import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema, Stream } from "effect"
import { HttpServer } from "effect/http"
import type { Role } from "../../src/control/api/Role.ts"
import type { SourceJson } from "../../src/control/api/SystemApi.ts"
import { hashPassword } from "../../src/control/auth/PasswordHash.ts"
import { Users } from "../../src/control/auth/Users.ts"
import { layerControlServer } from "../../src/control/ControlServer.ts"
import { layerJobStorePg } from "../../src/control/JobStorePg.ts"
import { SourceView } from "../../src/control/SourceView.ts"
import { ThisProcess } from "../../src/control/ThisProcess.ts"
import type { Coverage, Incarnation } from "../../src/domain/Log.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { ArchivedChunk } from "../../src/domain/Transaction.ts"
import { Archive } from "../../src/log/Archive.ts"
import { LiveBuffer } from "../../src/log/LiveBuffer.ts"
import { historyName } from "../../src/replay/HistoryName.ts"
import { Targets } from "../../src/replay/Target.ts"
import { ActorSystem } from "../../src/runtime/ActorSystem.ts"
import { controlLayer } from "./TestControl.ts"

const orders = makeRelation({
  schema: "public",
  name: "orders",
  identity: "default",
  columns: [
    { name: "id", typeOid: 20, typmod: -1, typeName: "", key: true },
    { name: "note", typeOid: 25, typmod: -1, typeName: "", key: false }
  ]
})
const stock = makeRelation({ ...orders, schema: "depot", name: "stock" })

const chunk = (seq: number, changes: ArchivedChunk["changes"]): ArchivedChunk => ({
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
const chunks = [
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

const incarnation: Incarnation = {
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

const source: SourceJson = {
  source: "shop",
  demo: true,
  phase: "capturing",
  message: null,
  fix: null,
  code: null,
  slot: "walstream_slot",
  publication: "walstream",
  plugin: "pgoutput",
  seq: 3,
  frontier: "0/300",
  current_lsn: "0/308",
  lag_bytes: 8,
  latency_seconds: 0.01,
  retained_bytes: 8,
  wal_status: "reserved",
  safe_bytes: null,
  seconds_until_lost: null,
  slot_advancing: true,
  gap: null,
  slot_active: true,
  last_commit_time: null,
  coverage_time: null,
  transactions: 3,
  changes: 4,
  reconnects: 0
}

/** What is wrong with capture; a test that sets it puts it back. */
export const trouble: { current: Partial<SourceJson> } = { current: {} }

const Stores = Layer.mergeAll(
  Layer.mock(LiveBuffer, {
    kind: "memory",
    coverage: Effect.succeed(coverage),
    recent: () => Effect.succeed(chunks),
    stats: Effect.succeed({ changes: 4, bytes: 40, maxChanges: 100 })
  }),
  Layer.mock(Archive, {
    kind: "sqlite",
    coverage: Effect.succeed(coverage),
    coverageChanges: Stream.empty,
    incarnations: Effect.succeed([incarnation])
  }),
  Layer.mock(Targets, { names: ["default", "second"] }),
  Layer.sync(SourceView, () => ({
    source: "shop",
    here: true,
    read: Effect.sync(() => ({ ...source, ...trouble.current }))
  }))
)

export const testSecret = Redacted.make("a secret of this test, long enough")

/** The whole server on a free port, on a real control database. */
export const apiLayer = (database: string) =>
  layerControlServer({ host: "127.0.0.1", port: 0, tokens: { secret: testSecret, seconds: 3600 } }).pipe(
    Layer.provideMerge(Layer.mergeAll(layerJobStorePg, Users.layer)),
    Layer.provideMerge(Layer.mergeAll(Stores, ActorSystem.layer, ThisProcess.layer("control", "0.0.0"))),
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
    const isJson = (response.headers.get("content-type") ?? "").includes("json")
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
