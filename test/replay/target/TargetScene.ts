import { Context, Effect, Layer, Redacted } from "effect"
import type { Change } from "../../../src/domain/Change.ts"
import { origin, type Position } from "../../../src/domain/Position.ts"
import type { ArchivedChunk } from "../../../src/domain/Transaction.ts"
import { noExcludedColumns } from "../../../src/ingest/ExcludedColumns.ts"
import { PgoutputDecoder } from "../../../src/ingest/pgoutput/PgoutputDecoder.ts"
import type { ReplicationMessage } from "../../../src/ingest/ReplicationMessage.ts"
import { connectPg, type PgSession } from "../../../src/postgres/PgSession.ts"
import { type ApplyOptions, type TargetSession, Targets } from "../../../src/replay/Target.ts"
import { configuredTargets } from "../../../src/replay/target/ConfiguredTargets.ts"
import type { TargetTimeouts } from "../../../src/replay/target/TargetConnection.ts"
import { makeTestPostgres } from "../../servers/TestPostgres.ts"

/** One server for a test file; each test has databases of its own. */
export class Server extends Context.Service<Server>()("walstream/test/replay/target/Server", {
  make: makeTestPostgres({
    settings: { max_replication_slots: "50", max_wal_senders: "2", track_commit_timestamp: "on" }
  })
}) {
  static readonly layer = Layer.effect(this, this.make)
}

/** A source with a slot, and a target with the same tables. */
export interface TargetScene {
  readonly source: PgSession
  readonly target: PgSession
  readonly sourceUrl: Redacted.Redacted
  readonly targetUrl: Redacted.Redacted
  /** The target for a superuser. */
  readonly adminUrl: Redacted.Redacted
  /** What was committed at the source since the last call, as the log would give it. */
  readonly history: Effect.Effect<ReadonlyArray<ArchivedChunk>>
  readonly open: (
    options?: Partial<ApplyOptions>,
    timeouts?: Partial<TargetTimeouts>
  ) => ReturnType<typeof openTarget>
}

export const defaults: ApplyOptions = {
  jobId: "job-1",
  source: "shop",
  epoch: 1,
  startSeq: 1,
  filterText: "[null,null]",
  dedupe: "target",
  onMismatch: "converge",
  skips: []
}

const openTarget = (
  targetUrl: Redacted.Redacted,
  sourceUrl: Redacted.Redacted,
  options: Partial<ApplyOptions>,
  timeouts: Partial<TargetTimeouts> = {}
) =>
  Effect.flatMap(Targets, (targets) => targets.open("there", false, { ...defaults, ...options })).pipe(
    Effect.provide(configuredTargets({ targets: { there: targetUrl }, source: { url: sourceUrl }, timeouts }))
  )

const withRole = (url: Redacted.Redacted, role: string, password: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.username = role
  changed.password = password
  return Redacted.make(changed.href)
}

let scenes = 0

export interface SceneOptions {
  /** What makes the target's tables, if not the same as at the source. */
  readonly targetSchema?: string
  /** The target's tables belong to a role that may not act as a replica, and applies. */
  readonly asOwner?: boolean
  /** Functions at the target that this owner may call. */
  readonly mayCall?: ReadonlyArray<string>
  /** Changes of partitions come as changes of the partitioned table. */
  readonly viaRoot?: boolean
}

/** `schema` makes the tables on both sides. */
export const makeScene = Effect.fnUntraced(function* (schema: string, sceneOptions: SceneOptions = {}) {
  const server = yield* Server
  scenes += 1
  const name = `scene${scenes}`
  const sourceUrl = yield* server.createDatabase(`${name}_source`)
  const adminUrl = yield* server.createDatabase(`${name}_target`)
  const source = yield* connectPg({ url: sourceUrl, applicationName: "test" })
  const target = yield* connectPg({ url: adminUrl, applicationName: "test" })
  yield* source.script(schema)
  const { asOwner = false, mayCall = [], viaRoot = false, targetSchema = schema } = sceneOptions
  if (asOwner) {
    yield* target.script(
      `CREATE ROLE ${name} LOGIN PASSWORD 'owner'; GRANT CREATE ON SCHEMA public TO ${name};
       GRANT CREATE ON DATABASE ${name}_target TO ${name}`
    )
    for (const called of mayCall) yield* target.script(`GRANT EXECUTE ON FUNCTION ${called} TO ${name}`)
    yield* target.script(`SET ROLE ${name}`)
  }
  yield* target.script(targetSchema)
  yield* target.script("RESET ROLE")
  const targetUrl = asOwner ? withRole(adminUrl, name, "owner") : adminUrl
  yield* source.script(`CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = ${viaRoot})`)
  yield* source.query("SELECT slot_name::text FROM pg_create_logical_replication_slot($1, 'pgoutput')", [
    name
  ])
  yield* Effect.addFinalizer(() =>
    Effect.ignore(source.query("SELECT pg_drop_replication_slot($1)::text", [name]))
  )

  let seq = 0
  const history = Effect.gen(function* () {
    const rows = yield* source.query(
      `SELECT encode(data, 'hex') AS data FROM pg_logical_slot_get_binary_changes($1, NULL, NULL,
         'proto_version', '2', 'publication_names', 'p', 'messages', 'true')`,
      [name]
    )
    const decoder = new PgoutputDecoder({ excluded: noExcludedColumns })
    const messages: Array<ReplicationMessage> = []
    for (const { data } of rows) decoder.decode(Buffer.from(data ?? "", "hex"), messages)
    const chunks: Array<ArchivedChunk> = []
    let changes: Array<Change> = []
    let xid = 0
    for (const message of messages) {
      if (message._tag === "Begin") xid = message.xid
      if (message._tag === "Change") changes.push(...message.change.unpack())
      if (message._tag === "Commit" && changes.length > 0) {
        const { commitLsn, endLsn, commitTime } = message
        seq += 1
        chunks.push({
          commit: { xid, commitLsn, endLsn, commitTime, origin: null, count: changes.length },
          firstOrdinal: 0,
          changes,
          last: true,
          bytes: changes.length * 100,
          seq,
          incarnation: 1
        })
        changes = []
      }
    }
    return chunks
  }).pipe(Effect.orDie)

  const scene: TargetScene = {
    source,
    target,
    sourceUrl,
    targetUrl,
    adminUrl,
    history,
    open: (options = {}, timeouts = {}) => openTarget(targetUrl, sourceUrl, options, timeouts)
  }
  return scene
})

export const endOf = (chunks: ReadonlyArray<ArchivedChunk>): Position => {
  const last = chunks.at(-1)
  return last === undefined ? origin : { seq: last.seq, ordinal: last.firstOrdinal + last.changes.length - 1 }
}

/** Applies all of it as one batch. */
export const applyAll = (session: TargetSession, chunks: ReadonlyArray<ArchivedChunk>, follows = origin) =>
  session.apply({ chunks, follows, until: endOf(chunks), goesOn: false })

/** The history in batches, which may cut through transactions. `size` says how many changes the next one has. */
export const cutBatches = (
  chunks: ReadonlyArray<ArchivedChunk>,
  size: () => number
): ReadonlyArray<ReadonlyArray<ArchivedChunk>> => {
  const batches: Array<ReadonlyArray<ArchivedChunk>> = []
  let batch: Array<ArchivedChunk> = []
  let room = size()
  for (const chunk of chunks) {
    let taken = 0
    while (taken < chunk.changes.length) {
      const part = chunk.changes.slice(taken, taken + room)
      const firstOrdinal = chunk.firstOrdinal + taken
      taken += part.length
      room -= part.length
      batch.push({
        ...chunk,
        firstOrdinal,
        changes: part,
        last: chunk.last && taken === chunk.changes.length
      })
      if (room > 0) continue
      batches.push(batch)
      batch = []
      room = size()
    }
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
