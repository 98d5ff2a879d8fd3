import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { Change } from "../../src/domain/Change.ts"
import { packChanges } from "../../src/domain/PackedChanges.ts"
import { makeRelation } from "../../src/domain/Relation.ts"
import type { TransactionChunk } from "../../src/domain/Transaction.ts"
import { type AssemblerOptions, makeAssembler } from "../../src/ingest/Assembler.ts"
import { noExcludedColumns } from "../../src/ingest/ExcludedColumns.ts"
import { PgoutputDecoder } from "../../src/ingest/pgoutput/PgoutputDecoder.ts"
import type { ReplicationMessage } from "../../src/ingest/ReplicationMessage.ts"
import { SequenceError } from "../../src/ingest/SequenceError.ts"
import type { SourceItem } from "../../src/ingest/SourceItem.ts"
import type { SpillError } from "../../src/ingest/SpillError.ts"
import { Dice } from "../log/Dice.ts"
import { HistoryEncoder } from "./HistoryEncoder.ts"
import { type ExpectedTransaction, RandomHistory } from "./RandomHistory.ts"

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff_ffff }))

const makeDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "walstream-spill-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** In messages of at most so many changes. */
const decodeAll = (messages: ReadonlyArray<Buffer>, run: number): ReadonlyArray<ReplicationMessage> => {
  const decoder = new PgoutputDecoder({ excluded: noExcludedColumns, run })
  const into: Array<ReplicationMessage> = []
  for (const message of messages) decoder.decode(message, into)
  return into
}

/** Puts chunks together again, and checks what is promised of them. */
const transactionsOf = (
  items: ReadonlyArray<SourceItem>,
  limits: { readonly changes: number; readonly bytes: number }
): ReadonlyArray<ExpectedTransaction> => {
  const transactions: Array<ExpectedTransaction> = []
  let chunk: TransactionChunk | null = null
  let changes: Array<Change> = []
  for (const item of items) {
    if (item._tag !== "Chunk") {
      assert.isTrue(chunk === null || chunk.last, "nothing stands inside a transaction")
      continue
    }
    if (chunk === null || chunk.last) changes = []
    else assert.strictEqual(item.chunk.commit, chunk.commit)
    chunk = item.chunk
    assert.strictEqual(chunk.firstOrdinal, changes.length)
    assert.isAbove(chunk.changes.length, 0)
    assert.isAtMost(chunk.changes.length, limits.changes)
    assert.isAbove(chunk.bytes, 0)
    changes.push(...chunk.changes)
    assert.strictEqual(chunk.last, changes.length === chunk.commit.count)
    const { count: _, ...ending } = chunk.commit
    if (chunk.last) transactions.push({ ...ending, changes })
  }
  assert.isTrue(chunk === null || chunk.last)
  return transactions
}

const run = Effect.fnUntraced(function* (
  messages: ReadonlyArray<ReplicationMessage>,
  dice: Dice,
  options: Omit<AssemblerOptions, "spillDirectory">
) {
  const spillDirectory = yield* makeDirectory
  const assembler = yield* makeAssembler({ minimumFree: 0, ...options, spillDirectory })
  const items: Array<SourceItem> = []
  let spilled = 0
  for (let at = 0; at < messages.length; ) {
    const next = at + 1 + dice.below(40)
    yield* assembler.assemble(messages.slice(at, next), (batch) =>
      Effect.sync(() => {
        items.push(...batch)
        assert.isTrue(assembler.inFlight())
      })
    )
    at = next
    spilled = Math.max(spilled, assembler.stats().spilledBytes)
    assert.isAtMost(assembler.stats().memoryBytes, options.memoryBytes ?? Number.POSITIVE_INFINITY)
  }
  assert.isFalse(assembler.inFlight())
  assert.strictEqual(assembler.stats().memoryBytes, 0)
  assert.strictEqual(assembler.stats().spilledBytes, 0)
  assert.deepStrictEqual(readdirSync(spillDirectory), [])
  return { items, spilled }
}, Effect.scoped)

const describeChange = (change: Change) =>
  change.op === "message"
    ? change
    : change.op === "truncate"
      ? { ...change, relations: change.relations.map(({ fingerprint }) => fingerprint) }
      : { ...change, relation: change.relation.fingerprint }

const plain = (transactions: ReadonlyArray<ExpectedTransaction>) =>
  transactions.map((transaction) => ({ ...transaction, changes: transaction.changes.map(describeChange) }))

describe("the assembler's transactions", () => {
  it.effect.prop(
    "are what survived, in commit order, however they were streamed, spilled and cut",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const history = new RandomHistory(seed, 250)
        const dice = new Dice(seed + 1)
        for (const streaming of [false, true]) {
          const limits = { changes: 1 + dice.below(8), bytes: 100 + dice.below(1000) }
          const memoryBytes = dice.pick([0, 700, 3000, 20_000, 1e9])
          const { messages } = new HistoryEncoder(history, dice, streaming)
          const { items, spilled } = yield* run(decodeAll(messages, 1 + dice.below(limits.changes)), dice, {
            limits,
            memoryBytes
          })
          assert.deepStrictEqual(plain(transactionsOf(items, limits)), plain(history.expected))
          const said = history.events.filter((event) => event._tag === "Message")
          assert.deepStrictEqual(
            items.filter((item) => item._tag === "Message"),
            said
          )
          if (memoryBytes === 1e9) assert.strictEqual(spilled, 0)
        }
      }),
    { arbitrary: { runs: 60 } }
  )
})

const relation = makeRelation({
  schema: "public",
  name: "t",
  identity: "default",
  columns: [{ name: "id", typeOid: 23, typmod: -1, typeName: "", key: true }]
})

const change = (id: string, xid = 0): ReplicationMessage => ({
  _tag: "Change",
  xid,
  change: packChanges([{ op: "insert", relation, after: [id] }]),
  bytes: 20
})

const begin = (xid: number): ReplicationMessage => ({
  _tag: "Begin",
  xid,
  commitLsn: BigInt(xid),
  commitTime: xid
})
const commit = (xid: number): ReplicationMessage => ({
  _tag: "Commit",
  commitLsn: BigInt(xid),
  endLsn: BigInt(xid + 1),
  commitTime: xid
})
const start = (xid: number, first: boolean): ReplicationMessage => ({ _tag: "StreamStart", xid, first })
const stop: ReplicationMessage = { _tag: "StreamStop" }
const end = (xid: number): ReplicationMessage => ({
  _tag: "StreamCommit",
  xid,
  commitLsn: BigInt(xid),
  endLsn: BigInt(xid + 1),
  commitTime: xid
})
const abort = (xid: number, subxid: number): ReplicationMessage => ({ _tag: "StreamAbort", xid, subxid })
const said: ReplicationMessage = { _tag: "Message", lsn: 9n, prefix: "p", content: "" }

const block = (xid: number, first: boolean, ids: ReadonlyArray<string>, subxid = xid) => [
  start(xid, first),
  ...ids.map((id) => change(id, subxid)),
  stop
]

const collect = () => {
  const batches: Array<ReadonlyArray<SourceItem>> = []
  return {
    batches,
    emit: (items: ReadonlyArray<SourceItem>) =>
      Effect.sync(() => {
        batches.push(items)
      }),
    ids: () =>
      batches
        .flat()
        .map((item) =>
          item._tag === "Chunk"
            ? item.chunk.changes.map((change) => (change.op === "insert" ? change.after[0] : null)).join()
            : item._tag
        )
  }
}

const spilling = (spillDirectory: string, options: Partial<AssemblerOptions> = {}) =>
  makeAssembler({ spillDirectory, memoryBytes: 0, minimumFree: 0, ...options })

describe("the assembler", () => {
  it.effect("gives small transactions in batches, the empty ones with their end only", () =>
    Effect.gen(function* () {
      const assembler = yield* makeAssembler({
        spillDirectory: yield* makeDirectory,
        limits: { changes: 3, bytes: 1000 }
      })
      const { batches, emit } = collect()
      const whole = (xid: number, ids: ReadonlyArray<string>) => [
        begin(xid),
        ...ids.map((id) => change(id)),
        commit(xid)
      ]
      const messages = [
        ...whole(1, ["a"]),
        ...whole(2, ["b"]),
        said,
        ...whole(3, []),
        ...whole(4, ["c", "d", "e", "f"])
      ]
      yield* assembler.assemble(messages, emit)
      assert.deepStrictEqual(
        batches.map((items) => items.map((item) => item._tag)),
        [["Chunk", "Chunk", "Message"], ["Empty", "Chunk"], ["Chunk"]]
      )
      assert.deepStrictEqual(batches[1]?.[0], { _tag: "Empty", endLsn: 4n, commitTime: 3 })
    })
  )

  it.effect("says that something is in flight while a transaction is open or a batch is not taken", () =>
    Effect.gen(function* () {
      const assembler = yield* makeAssembler({ spillDirectory: yield* makeDirectory })
      const { emit } = collect()
      assert.isFalse(assembler.inFlight())
      yield* assembler.assemble(block(5, true, []), emit)
      assert.isTrue(assembler.inFlight())
      yield* assembler.assemble([end(5)], () => Effect.sync(() => assert.isTrue(assembler.inFlight())))
      assert.isFalse(assembler.inFlight())
      yield* assembler.assemble([begin(6)], emit)
      assert.isTrue(assembler.inFlight())
      yield* assembler.assemble([commit(6)], emit)
      const taken = yield* Deferred.make<void>()
      const waiting = yield* assembler
        .assemble([begin(7), change("a"), commit(7)], () => Deferred.await(taken))
        .pipe(Effect.forkChild({ startImmediately: true }))
      assert.isTrue(assembler.inFlight())
      yield* Deferred.succeed(taken, undefined)
      yield* Fiber.join(waiting)
      assert.isFalse(assembler.inFlight())
    })
  )

  it.effect("spills the largest transaction first, and nothing while all fits", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      const assembler = yield* spilling(spillDirectory, { memoryBytes: 1200 })
      const { emit, ids } = collect()
      yield* assembler.assemble([...block(5, true, ["a"]), ...block(6, true, ["b"])], emit)
      assert.deepStrictEqual(readdirSync(spillDirectory), [])
      yield* assembler.assemble(block(6, false, ["c", "d", "e", "f", "g"]), emit)
      assert.deepStrictEqual(readdirSync(spillDirectory), ["6.spill"])
      yield* assembler.assemble([...block(6, false, ["h"]), end(6), end(5)], emit)
      assert.deepStrictEqual(ids(), ["b,c,d,e,f,g,h", "a"])
    })
  )

  it.effect("an aborted transaction leaves nothing on disk, whole or in parts", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      const assembler = yield* spilling(spillDirectory)
      const { emit, ids } = collect()
      yield* assembler.assemble(block(5, true, ["a", "b"]), emit)
      yield* assembler.assemble(block(6, true, ["c"], 7), emit)
      assert.deepStrictEqual(readdirSync(spillDirectory).sort(), ["5.spill", "6.spill"])
      yield* assembler.assemble([abort(5, 5), abort(6, 7)], emit)
      assert.deepStrictEqual(readdirSync(spillDirectory), ["6.spill"])
      yield* assembler.assemble([end(6)], emit)
      assert.deepStrictEqual(ids(), ["Empty"])
      assert.deepStrictEqual(readdirSync(spillDirectory), [])
      assert.isFalse(assembler.inFlight())
    })
  )

  it.effect("reads a spilled transaction as its chunks are taken", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      const assembler = yield* spilling(spillDirectory, { limits: { changes: 2, bytes: 1000 } })
      const { batches, emit } = collect()
      for (let i = 0; i < 10; i++) yield* assembler.assemble(block(5, i === 0, [`${i}`, `${i}'`]), emit)
      const taken = yield* Deferred.make<void>()
      let given = 0
      const waiting = yield* assembler
        .assemble([end(5)], (items) => {
          given++
          return given === 3 ? Effect.andThen(Deferred.await(taken), emit(items)) : emit(items)
        })
        .pipe(Effect.forkChild)
      yield* Effect.yieldNow.pipe(Effect.repeat({ until: () => given === 3 }))
      assert.strictEqual(batches.length, 2)
      assert.deepStrictEqual(readdirSync(spillDirectory), ["5.spill"])
      yield* Deferred.succeed(taken, undefined)
      yield* Fiber.join(waiting)
      assert.strictEqual(batches.length, 10)
      assert.deepStrictEqual(readdirSync(spillDirectory), [])
    })
  )

  it.effect("deletes what a dead process left, and its own files with the scope", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      writeFileSync(join(spillDirectory, "77.spill"), "left")
      writeFileSync(join(spillDirectory, "notes.txt"), "somebody else's")
      yield* Effect.scoped(
        Effect.gen(function* () {
          const assembler = yield* spilling(spillDirectory)
          assert.deepStrictEqual(readdirSync(spillDirectory), ["notes.txt"])
          yield* assembler.assemble(block(5, true, ["a"]), collect().emit)
          assert.deepStrictEqual(readdirSync(spillDirectory), ["5.spill", "notes.txt"])
        })
      )
      assert.deepStrictEqual(readdirSync(spillDirectory), ["notes.txt"])
    })
  )

  it.effect("waits for room on the disk, says so, and loses nothing", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      let free = 10
      const said: Array<SpillError> = []
      const assembler = yield* spilling(spillDirectory, {
        minimumFree: 1000,
        freeBytes: () => Promise.resolve(free),
        onFull: (error) =>
          Effect.sync(() => {
            said.push(error)
          })
      })
      const { emit, ids } = collect()
      const waiting = yield* assembler.assemble(block(5, true, ["a", "b"]), emit).pipe(Effect.forkChild)
      const tried = (times: number) =>
        Effect.yieldNow.pipe(Effect.repeat({ until: () => said.length >= times }))
      yield* tried(1)
      assert.isTrue(assembler.stats().waitsForDisk)
      yield* TestClock.adjust("1 second")
      yield* tried(2)
      assert.match(said[1]?.message ?? "", /waits for disk space.*10 bytes are free, 1000 must stay so/)
      free = 1e9
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(waiting)
      assert.isFalse(assembler.stats().waitsForDisk)
      yield* assembler.assemble([end(5)], emit)
      assert.deepStrictEqual(ids(), ["a,b"])
    })
  )

  it.effect("fails when its folder cannot be used", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      writeFileSync(join(spillDirectory, "file"), "")
      const error = yield* Effect.flip(spilling(join(spillDirectory, "file")))
      assert.strictEqual(error.reason._tag, "Failed")
      assert.isFalse(error.isRetryable)
    })
  )

  it.effect("refuses an order that the protocol does not allow", () =>
    Effect.gen(function* () {
      const spillDirectory = yield* makeDirectory
      const orders: ReadonlyArray<readonly [ReadonlyArray<ReplicationMessage>, RegExp]> = [
        [[change("a")], /change outside/],
        [[{ _tag: "Origin", name: "o" }], /origin outside/],
        [[commit(1)], /commit without/],
        [[begin(1), begin(2)], /begins inside/],
        [[begin(1), commit(2)], /where it said/],
        [[begin(1), stop], /never began/],
        [[stop], /never began/],
        [[start(1, false)], /never began/],
        [[start(1, true), stop, start(1, true)], /begins twice/],
        [[start(1, true), start(2, true)], /begins inside/],
        [[start(1, true), commit(1)], /where it said/],
        [[start(1, true), end(1)], /ends inside/],
        [[end(1)], /never began/],
        [[abort(1, 2)], /never began/]
      ]
      for (const [messages, detail] of orders) {
        const assembler = yield* makeAssembler({ spillDirectory })
        const error = yield* Effect.flip(assembler.assemble(messages, () => Effect.void))
        assert.instanceOf(error, SequenceError)
        assert.match(error.message, detail)
      }
    })
  )
})
