import { assert, describe, it } from "@effect/vitest"
import { replicationFailure } from "../../src/ingest/ReplicationFailure.ts"
import { sourceError } from "../../src/ingest/SourceError.ts"
import { PostgresError } from "../../src/postgres/PostgresError.ts"

const failureOf = (code: string, message: string) =>
  replicationFailure("s", 0x10n, PostgresError.from({ code, message, severity: "ERROR" }))

describe("what ends a slot's stream", () => {
  it("is looked into by the next attaching, where the slot is gone or lost: only that can name the hole", () => {
    for (const [code, message, tag] of [
      ["42704", 'replication slot "s" does not exist', "SlotMissing"],
      ["55000", 'can no longer get changes from replication slot "s"', "SlotLost"]
    ] as const) {
      const reason = failureOf(code, message)
      assert.include(reason, { _tag: tag, slot: "s", from: "0/10" })
      assert.isTrue(sourceError("shop", reason).isRetryable, tag)
    }
  })

  it("is a publication that is younger than the slot, whatever else has that code", () => {
    assert.include(failureOf("42704", 'publication "p" does not exist'), {
      _tag: "NoPublication",
      publication: "p"
    })
    assert.isFalse(sourceError("shop", failureOf("42704", 'type "x" does not exist')).isRetryable)
  })
})
