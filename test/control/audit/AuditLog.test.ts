import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { type AuditCheck, checkLog } from "../../../src/control/audit/AuditCheck.ts"
import type { NewEntry } from "../../../src/control/audit/AuditEntry.ts"
import { AuditLog } from "../../../src/control/audit/AuditLog.ts"
import { controlLayer } from "../TestControl.ts"

const entry = (target: string): NewEntry => ({
  actor: { id: "7", name: "ada", credential: null },
  action: "jobs.update",
  target,
  claimed: null,
  outcome: "done",
  status: 200,
  problem: null,
  repeats: 1,
  door: "http",
  address: "192.0.2.1",
  requestId: "r",
  before: { name: "ü ☂" },
  after: null
})

const undo = "undo" as const

/** As somebody who owns the table and turns off what protects it; then all is as it was. */
const tampered = (statement: string) =>
  Effect.gen(function* () {
    const sql = yield* PgClient.PgClient
    const found: Array<AuditCheck> = []
    yield* sql
      .withTransaction(
        Effect.gen(function* () {
          yield* sql`ALTER TABLE audit_log DISABLE TRIGGER ALL`
          yield* sql.unsafe(statement)
          found.push(yield* checkLog(null))
          return yield* Effect.fail(undo)
        })
      )
      .pipe(
        Effect.catchIf(
          (error) => error === undo,
          () => Effect.void
        )
      )
    return found[0] ?? (yield* Effect.die("nothing was checked"))
  })

layer(AuditLog.layer.pipe(Layer.provideMerge(controlLayer("audit_log"))), {
  timeout: "60 seconds",
  excludeTestServices: true
})("the audit log's table", (it) => {
  it.effect("is intact when it is empty, and numbers and chains whatever comes at once", () =>
    Effect.gen(function* () {
      const log = yield* AuditLog
      assert.deepInclude(yield* checkLog(null), { intact: true, entries: 0, faults: [] })
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, i) => i),
        (i) => log.append([entry(`a-${i}`), entry(`b-${i}`)]),
        { concurrency: 10 }
      )
      const { head, ...rest } = yield* checkLog(null)
      assert.deepStrictEqual(rest, { intact: true, entries: 80, faults: [] })
      assert.strictEqual(head.seq, 80)
      assert.deepStrictEqual(yield* log.head, head)
      const [first] = yield* log.oldest(null, { limit: 1, after: 0 })
      assert.deepInclude(first, { seq: "1", before: '{"name": "ü ☂"}', after: null })
    })
  )

  it.effect("what is rolled back leaves no hole", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      const log = yield* AuditLog
      yield* Effect.flip(
        sql.withTransaction(Effect.andThen(log.append([entry("never")]), Effect.fail("no" as const)))
      )
      yield* log.append([entry("after it")])
      assert.deepInclude(yield* checkLog(null), { intact: true, entries: 81 })
    })
  )

  it.effect("is only ever added to, whoever asks", () =>
    Effect.gen(function* () {
      const sql = yield* PgClient.PgClient
      for (const statement of [
        "UPDATE audit_log SET actor = 'eve' WHERE seq = 1",
        "DELETE FROM audit_log WHERE seq = 1",
        "TRUNCATE audit_log",
        "UPDATE audit_head SET seq = 0",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (seq, hash) VALUES (0, '')",
        "TRUNCATE audit_head"
      ]) {
        for (const role of ["origin", "replica"]) {
          const refused = yield* Effect.flip(
            sql.withTransaction(
              Effect.andThen(
                sql.unsafe(`SET LOCAL session_replication_role = ${role}`),
                sql.unsafe(statement)
              )
            )
          )
          assert.include(String(refused.reason.cause), "only ever added to", statement)
        }
      }
      // Without the trigger, there is still no such right, to the owner neither.
      const [rights] = yield* sql<{ readonly rights: string }>`
        SELECT coalesce(string_agg(privilege_type, ','), '') AS rights FROM information_schema.table_privileges
        WHERE table_name = 'audit_log' AND privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE')`
      assert.strictEqual(rights?.rights, "")
    })
  )

  it.effect("a line that is changed, removed, put elsewhere or slipped in shows", () =>
    Effect.gen(function* () {
      const change = (column: string, value: string) =>
        tampered(`UPDATE audit_log SET ${column} = ${value} WHERE seq = 7`)
      for (const [column, value] of [
        ["at", "at + interval '1 microsecond'"],
        ["actor", "'eve'"],
        ["actor", "NULL"],
        ["target", "target || ','"],
        ["status", "201"],
        ["before", `'{"name":"x"}'`],
        ["after", "'null'"],
        ["hash", "sha256('x')"]
      ] as const) {
        const { faults } = yield* change(column, value)
        assert.deepInclude(faults, { seq: 7, fault: "changed" }, column)
      }
      assert.deepStrictEqual((yield* tampered("DELETE FROM audit_log WHERE seq IN (7, 8)")).faults, [
        { seq: 9, fault: "missing" }
      ])
      assert.deepStrictEqual((yield* tampered("DELETE FROM audit_log WHERE seq = 1")).faults, [
        { seq: 2, fault: "missing" }
      ])
      assert.deepStrictEqual((yield* tampered("DELETE FROM audit_log WHERE seq > 79")).faults, [
        { seq: 81, fault: "end-missing" }
      ])
      assert.deepStrictEqual((yield* tampered("DELETE FROM audit_log")).faults, [
        { seq: 81, fault: "end-missing" }
      ])
      const swapped = yield* tampered(
        "UPDATE audit_log SET seq = CASE seq WHEN 7 THEN -8 ELSE -7 END WHERE seq IN (7, 8)"
      )
      assert.isFalse(swapped.intact)
      const moved = yield* tampered(
        "WITH a AS (DELETE FROM audit_log WHERE seq = 7 RETURNING *) INSERT INTO audit_log SELECT 82, at, actor_id, actor, credential, action, target, outcome, status, problem, repeats, door, address, request_id, before, after, hash FROM a"
      )
      assert.deepStrictEqual(moved.faults, [
        { seq: 8, fault: "missing" },
        { seq: 82, fault: "changed" }
      ])
      const forgedEnd = yield* tampered("UPDATE audit_log SET actor = 'eve' WHERE seq = 81")
      assert.deepStrictEqual(forgedEnd.faults, [{ seq: 81, fault: "changed" }])
      const { head, intact } = yield* checkLog(null)
      assert.isTrue(intact)
      // A whole new chain is as good as the old one, but for who knows how that ended.
      assert.isTrue((yield* checkLog({ seq: 81, hash: head.hash })).intact)
      assert.deepStrictEqual((yield* checkLog({ seq: 80, hash: head.hash })).faults, [
        { seq: 80, fault: "head-differs" }
      ])
      assert.deepStrictEqual((yield* checkLog({ seq: 99, hash: head.hash })).faults, [
        { seq: 99, fault: "end-missing" }
      ])
    })
  )
})
