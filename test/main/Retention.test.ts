import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import { archiveRetention, retentionOf, retentionText } from "../../src/main/Retention.ts"
import { readSettings } from "../../src/main/Settings.ts"

const kept = (environment: Record<string, string>, demo: boolean) =>
  retentionText(retentionOf(Result.getOrThrow(readSettings(environment)), demo))

it("bounds the demo, and an own history only where a setting says so", () => {
  assert.strictEqual(kept({}, true), "the last 7 days, at most 2 GB of history")
  assert.strictEqual(kept({}, false), "all history")
  assert.strictEqual(kept({ ARCHIVE_MAX_AGE_HOURS: "0", ARCHIVE_MAX_BYTES: "0" }, true), "all history")
  assert.strictEqual(kept({ ARCHIVE_MAX_AGE_HOURS: "30" }, false), "the last 30 hours of history")
  assert.deepStrictEqual(archiveRetention({ maxAgeHours: 0, maxBytes: 5 }), { maxBytes: 5 })
})
