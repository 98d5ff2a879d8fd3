import { assert, describe, it } from "@effect/vitest"
import { packChanges } from "../../src/domain/PackedChanges.ts"
import { makeRelation, type Relation } from "../../src/domain/Relation.ts"
import { splitAtIdle } from "../../src/ingest/ReadLoop.ts"
import type { Received } from "../../src/ingest/Received.ts"
import type { ReplicationMessage } from "../../src/ingest/ReplicationMessage.ts"
import { insert, relation } from "./SmallChunks.ts"

const begin: ReplicationMessage = { _tag: "Begin", xid: 1, commitLsn: 1n, commitTime: 1 }
const commit: ReplicationMessage = { _tag: "Commit", commitLsn: 1n, endLsn: 2n, commitTime: 1 }
const start: ReplicationMessage = { _tag: "StreamStart", xid: 1, first: true }
const stop: ReplicationMessage = { _tag: "StreamStop" }
const change: ReplicationMessage = { _tag: "Change", xid: 0, change: packChanges([insert]), bytes: 1 }
const alive = (lsn: bigint): Received => ({ _tag: "Keepalive", lsn })

describe("splitAtIdle", () => {
  it("takes the last keepalive between transactions, also while one is streamed", () => {
    const split = splitAtIdle(
      [alive(1n), begin, alive(2n), change, commit, alive(3n), start, alive(4n), stop, alive(5n), begin],
      false
    )
    assert.strictEqual(split.idle, 5n)
    assert.deepStrictEqual(split.before, [begin, change, commit, start, stop])
    assert.deepStrictEqual(split.after, [begin])
    assert.isTrue(split.inside)
  })

  it("takes none inside of a transaction that began in the batch before", () => {
    const split = splitAtIdle([alive(1n), change, alive(2n)], true)
    assert.isUndefined(split.idle)
    assert.isTrue(split.inside)
  })

  it("leaves our own tables out, and only them", () => {
    const own = makeRelation({ schema: "walstream", name: "ledger", identity: "default", columns: [] })
    const truncate = (relations: ReadonlyArray<Relation>): ReplicationMessage => ({
      _tag: "Change",
      xid: 0,
      change: packChanges([{ op: "truncate", relations, cascade: false, restartIdentity: false }]),
      bytes: 1
    })
    const remove: ReplicationMessage = {
      _tag: "Change",
      xid: 0,
      change: packChanges([{ op: "delete", relation: own, before: [] }]),
      bytes: 1
    }
    const split = splitAtIdle(
      [remove, truncate([own]), truncate([own, relation]), truncate([relation])],
      true
    )
    assert.deepStrictEqual(split.after, [truncate([relation]), truncate([relation])])
  })
})
