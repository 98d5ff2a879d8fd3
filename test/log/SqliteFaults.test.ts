import { spawn } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, openSync, readdirSync, readSync, statSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { Worker } from "node:worker_threads"
import { assert, describe, it, vi } from "@effect/vitest"
import { Effect, Fiber, Schedule, type Scope } from "effect"
import { Archive } from "../../src/log/Archive.ts"
import type { LogError, LogErrorReason } from "../../src/log/LogError.ts"
import { FileState } from "../../src/log/sqlite/FileState.ts"
import type { LogFileOptions } from "../../src/log/sqlite/LogFile.ts"
import type { ThreadOptions } from "../../src/log/sqlite/Protocol.ts"
import { openSegment } from "../../src/log/sqlite/Segment.ts"
import { reasonOf } from "../../src/log/sqlite/SqliteFault.ts"
import { openReader, openWriter } from "../../src/log/sqlite/SqliteFile.ts"
import { SqliteReader } from "../../src/log/sqlite/SqliteReader.ts"
import { SqliteWriter } from "../../src/log/sqlite/SqliteWriter.ts"
import { failure, type OpenArchive, readRange } from "./ArchiveConformance.ts"
import { Dice } from "./Dice.ts"
import { markAfter, RandomLog, randomIncarnation } from "./RandomLog.ts"
import { assertSameLog } from "./ReadLog.ts"
import { archiveAt, temporaryDirectory } from "./SqliteFixture.ts"

const freshFile = Effect.map(temporaryDirectory, (path) => join(path, "log.db"))

type Options = Partial<LogFileOptions> & { readonly file: string }

const opened = <A, E>(
  options: Options,
  use: (archive: OpenArchive) => Effect.Effect<A, E, Scope.Scope>
): Effect.Effect<A, E | LogError> =>
  Effect.scoped(Archive.use(use)).pipe(Effect.provide(archiveAt(options), { local: true }))

const refused = (options: Options) => Effect.flip(opened(options, () => Effect.void))

/** A file with some transactions, closed. */
const filled = Effect.fnUntraced(function* (options: Options, count = 40) {
  const transactions = new RandomLog({ seed: 31 }).transactions(count)
  yield* opened(options, (archive) =>
    Effect.gen(function* () {
      yield* archive.beginIncarnation(randomIncarnation())
      for (let i = 0; i < count; i += 8) yield* archive.append(transactions.slice(i, i + 8).flat())
      yield* archive.writeMark(markAfter(transactions[count - 2] ?? []))
    })
  )
  return transactions
})

const change = (file: string, sql: string): void => {
  const db = new DatabaseSync(file)
  db.exec(sql)
  db.close()
}

it.effect("the archive's files are their owner's alone", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const file = join(directory, "log.db")
    yield* opened({ file }, (archive) =>
      Effect.gen(function* () {
        yield* archive.beginIncarnation(randomIncarnation())
        const names = readdirSync(directory)
        assert.includeMembers(names, ["log.db", "log.db-wal", "log.db-shm", "log.db.lock"])
        for (const name of names) {
          assert.strictEqual(statSync(join(directory, name)).mode & 0o777, 0o600, name)
        }
      })
    )
  })
)

describe("SqliteArchive refuses", () => {
  it.effect("the log of another source", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      yield* filled({ file })
      const error = yield* refused({ file, source: "other" })
      assert.strictEqual(error.reason._tag, "Conflict")
      assert.strictEqual(error.message, `sqlite archive: ${file} is the log of source "shop", not of "other"`)
      yield* filled({ file })
    })
  )

  it.effect("a file that is none of ours", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      writeFileSync(file, "no database ".repeat(1000))
      const error = yield* refused({ file })
      assert.strictEqual(error.reason._tag, "Corrupt")
      assert.include(error.message, file)
      const foreign = `${file}.foreign`
      change(foreign, "CREATE TABLE t (a)")
      assert.include((yield* refused({ file: foreign })).message, `${foreign} is not a WalStream log`)
    })
  )

  it.effect("a file of another version", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      yield* filled({ file })
      change(file, "PRAGMA user_version = 7")
      const error = yield* refused({ file })
      assert.strictEqual(error.reason._tag, "Corrupt")
      assert.include(error.message, `${file} has version 7`)
      assert.include(error.message, "use a newer program")
      change(file, "PRAGMA user_version = 1")
      assert.include((yield* refused({ file })).message, "use an older program")
    })
  )

  it.effect("a place that is not there", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryDirectory, "nowhere", "log.db")
      const error = yield* refused({ file })
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, file)
    })
  )

  it.effect("a file that another process writes, as long as it lives", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      const script = join(import.meta.dirname, "CrashWriter.ts")
      const child = spawn(process.execPath, [script, file, "1"], { stdio: ["ignore", "pipe", "inherit"] })
      yield* Effect.promise(() => once(child.stdout, "data"))
      const error = yield* refused({ file })
      assert.strictEqual(error.reason._tag, "Unavailable")
      assert.include(error.message, `${file} is used by another process`)
      child.kill("SIGKILL")
      yield* Effect.promise(() => once(child, "close"))
      yield* opened({ file }, (archive) => archive.recover)
    })
  )

  it.effect("a second archive on the same file in this process", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      yield* opened({ file }, () =>
        Effect.map(refused({ file }), ({ reason }) => assert.strictEqual(reason._tag, "Unavailable"))
      )
    })
  )

  it.effect("to go on when the log ends below its mark", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      const transactions = yield* filled({ file })
      change(file, "DELETE FROM segment WHERE last_seq > 30")
      yield* opened({ file }, (archive) =>
        Effect.gen(function* () {
          const end = (yield* archive.coverage).nextSeq - 1
          assert.isBelow(end, 39)
          const reason = yield* failure("BelowMark", archive.recover)
          assert.deepStrictEqual(reason, { _tag: "BelowMark", mark: 39, end })
          yield* failure("BelowMark", archive.append(transactions[end] ?? []))
        })
      )
    })
  )
})

describe("SqliteArchive on a full disk", () => {
  it.effect("stores nothing of an append that does not fit, and goes on when there is room", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      const log = new RandomLog({ seed: 3, largeOneIn: 4 })
      const transactions = log.transactions(150)
      let fits = 0
      yield* opened({ file, maxFileBytes: 200_000 }, (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          for (; fits < 150; fits++) {
            const refusal = yield* archive.append(transactions[fits] ?? []).pipe(Effect.flip, Effect.option)
            if (refusal._tag === "None") continue
            assert.strictEqual(refusal.value.reason._tag, "Full")
            assert.include(refusal.value.fix, "disk")
            assert.isTrue(refusal.value.isRetryable)
            assert.include(refusal.value.message, file)
            break
          }
          assert.isAbove(fits, 0)
          assert.isBelow(fits, 150)
          assert.strictEqual((yield* archive.coverage).nextSeq, fits + 1)
          yield* failure("Full", archive.append(transactions.slice(fits).flat()))
          const held = yield* readRange(archive, { seq: 1, ordinal: 0 }, fits + 1)
          assertSameLog(held, transactions.slice(0, fits).flat())
        })
      )
      yield* opened({ file }, (archive) =>
        Effect.gen(function* () {
          yield* archive.append(transactions.slice(fits).flat())
          assertSameLog(yield* readRange(archive, { seq: 1, ordinal: 0 }, 151), transactions.flat())
        })
      )
    })
  )
})

describe("a damaged file", () => {
  it.effect("is an error that names it, never another log", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      const transactions = (yield* filled({ file })).flat()
      const size = statSync(file).size
      const dice = new Dice(9)
      let found = 0
      for (let i = 0; i < 80; i++) {
        const copy = `${file}.copy`
        copyFileSync(file, copy)
        for (const suffix of ["-wal", "-shm"]) writeFileSync(`${copy}${suffix}`, "")
        const handle = openSync(copy, "r+")
        const at = dice.below(size)
        const byte = new Uint8Array(1)
        readSync(handle, byte, 0, 1, at)
        writeSync(handle, new Uint8Array([(byte[0] ?? 0) ^ (1 << dice.below(8))]), 0, 1, at)
        const options = { file: copy, source: "shop", maxFileBytes: null, compress: true }
        const outcome = attempt(copy, () => readDirectly(options))
        if ("held" in outcome) {
          assert.strictEqual(outcome.mark, 39)
          assertSameLog(outcome.held, transactions)
        } else {
          assert.include(["Corrupt", "Conflict", "Unavailable"], outcome._tag, `byte ${at}`)
          found++
        }
      }
      assert.isAbove(found, 10)
    })
  )

  it.effect("is Corrupt for who reads it, and its healthy parts can be read", () =>
    Effect.gen(function* () {
      const file = yield* freshFile
      const transactions = yield* filled({ file })
      change(file, "UPDATE segment SET heads = zeroblob(length(heads)) WHERE id = 3")
      yield* opened({ file }, (archive) =>
        Effect.gen(function* () {
          const reason = yield* failure("Corrupt", readRange(archive, { seq: 1, ordinal: 0 }, 41))
          assert.include(reason._tag === "Corrupt" ? reason.detail : "", "segment 3")
          const last = transactions.at(-1) ?? []
          assertSameLog(yield* readRange(archive, { seq: 40, ordinal: 0 }, 41), last)
        })
      )
    })
  )
})

const attempt = <A>(file: string, read: () => A): A | LogErrorReason => {
  try {
    return read()
  } catch (thrown) {
    return reasonOf(thrown, file)
  }
}

/** All that a file says, without threads: throws what they would answer. */
const readDirectly = (options: Omit<ThreadOptions, "role">) => {
  const writing = openWriter({ ...options, role: "writer" })
  try {
    const recovered = new SqliteWriter(writing.db, true).recover()
    const state = new FileState()
    const damaged = state.recover(recovered)
    if (damaged !== undefined) throw damaged
    const reading = openReader({ ...options, role: "reader" })
    try {
      const { nextSeq } = state.coverage
      const rows = new SqliteReader(reading.db).page({
        from: { seq: 1, ordinal: 0 },
        untilSeq: nextSeq,
        bytes: Number.POSITIVE_INFINITY,
        after: null
      })
      const held = rows.flatMap((row) => openSegment(row, (fingerprint) => state.relations.get(fingerprint)))
      return { held, mark: recovered.mark?.seq }
    } finally {
      reading.close()
    }
  } finally {
    writing.close()
  }
}

describe("SqliteArchive, whose threads die", () => {
  it.live("says so, opens the file again and goes on", () =>
    Effect.gen(function* () {
      const threads = new Set<Worker>()
      const post = Worker.prototype.postMessage
      const spy = vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (
        this: Worker,
        ...message
      ) {
        threads.add(this)
        return post.apply(this, message)
      })
      const file = yield* freshFile
      const transactions = new RandomLog({ seed: 6 }).transactions(30)
      const persist = <A>(effect: Effect.Effect<A, LogError>) =>
        Effect.retry(effect, { while: (error) => error.isRetryable, schedule: Schedule.spaced("20 millis") })
      yield* opened({ file }, (archive) =>
        Effect.gen(function* () {
          yield* archive.beginIncarnation(randomIncarnation())
          for (const [i, transaction] of transactions.entries()) {
            if (i === 10 || i === 20) {
              // Whether this one is stored is not known: it is repeated below.
              const append = yield* archive.append(transaction).pipe(Effect.forkChild)
              yield* Effect.promise(() => Promise.all([...threads].map((thread) => thread.terminate())))
              threads.clear()
              yield* Fiber.await(append)
              yield* failure("Unavailable", archive.append(transaction))
            }
            yield* archive.append(transaction).pipe(persist)
          }
          const held = yield* readRange(archive, { seq: 1, ordinal: 0 }, 31).pipe(persist)
          assertSameLog(held, transactions.flat())
        })
      )
      spy.mockRestore()
    })
  )
})
