import { readFileSync } from "node:fs"
import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Option, Redacted, Result } from "effect"
import { envExample } from "../../src/main/EnvExample.ts"
import type { Setting } from "../../src/main/Setting.ts"
import { definitions } from "../../src/main/SettingDefinitions.ts"
import { readSettings } from "../../src/main/Settings.ts"

const settings = (environment: Record<string, string>) => Result.getOrThrow(readSettings(environment))
const problems = (environment: Record<string, string>) => {
  const result = readSettings(environment)
  return Result.isFailure(result) ? result.failure.problems : []
}

describe("Settings", () => {
  it("needs nothing", () => {
    const { sourceUrl, slotName, httpPort, targets } = settings({})
    assert.deepStrictEqual(
      [Option.isNone(sourceUrl), slotName, httpPort, targets],
      [true, "walstream_slot", 8000, {}]
    )
  })

  it("takes an empty variable for one that is not set", () => {
    assert.strictEqual(settings({ HTTP_PORT: "", SOURCE_URL: "" }).httpPort, 8000)
  })

  it("names every bad variable and what it may be, and no value", () => {
    const found = problems({
      HTTP_PORT: "99999",
      SOURCE_URL: "mysql://root:hunter2@h/db",
      CAPTURE_PLUGIN: "decoderbufs",
      SECRET_KEY: "changeme",
      TARGET_STAGING_URL: "hunter2",
      JOB_WORKER_COUNT: "four",
      CAPTURE_EXCLUDE_COLUMNS: "a.b"
    })
    assert.deepStrictEqual(found.map((line) => line.split(" ")[0]).toSorted(), [
      "CAPTURE_EXCLUDE_COLUMNS",
      "CAPTURE_PLUGIN",
      "HTTP_PORT",
      "JOB_WORKER_COUNT",
      "SECRET_KEY",
      "SOURCE_URL",
      "TARGET_STAGING_URL"
    ])
    assert.include(found.join("\n"), "HTTP_PORT must be a whole number from 0 to 65535")
    assert.notMatch(found.join("\n"), /hunter2|changeme|99999/u)
  })

  it("prints no secret, whether it is good or bad", () => {
    for (const { name, isSecret } of Object.values<Setting<unknown>>(definitions)) {
      if (isSecret !== true) continue
      for (const text of ["hunter2", "postgres://u:hunter2@h", "a=hunter2,=hunter2", "hunter2\u0000"]) {
        const read = readSettings({ [name]: text })
        assert.notInclude(inspect(read, { depth: 10 }), "hunter2", name)
        assert.notInclude(JSON.stringify(read), "hunter2", name)
      }
    }
  })

  it("takes headers as the OpenTelemetry specification writes them", () => {
    const { otlpHeaders } = settings({
      OTEL_EXPORTER_OTLP_HEADERS: "Authorization=Bearer%20a=b, x-team = one"
    })
    assert.deepStrictEqual(
      Object.entries(otlpHeaders).map(([name, value]) => [name, Redacted.value(value)]),
      [
        ["authorization", "Bearer a=b"],
        ["x-team", "one"]
      ]
    )
    for (const text of ["authorization", "=b", "a=%zz", "a b=c"])
      assert.strictEqual(problems({ OTEL_EXPORTER_OTLP_HEADERS: text }).length, 1, text)
  })

  it("refuses a long but guessable secret", () => {
    assert.strictEqual(problems({ SECRET_KEY: "a".repeat(40) }).length, 1)
    assert.strictEqual(problems({ SECRET_KEY: "c0d4e8f2-aa17-4b7e-9d21-55e0b1f3c9a6" }).length, 0)
  })

  it("names targets after their variables", () => {
    const url = "postgres://u:p@h:1/d"
    const { targets } = settings({ TARGET_URL: url, TARGET_EU_WEST_URL: url })
    assert.deepStrictEqual(Object.keys(targets), ["eu_west", "default"])
    assert.strictEqual(Redacted.value(targets["default"] ?? Redacted.make("")), url)
  })

  it("splits lists", () => {
    assert.deepStrictEqual(settings({ CAPTURE_EXCLUDE_COLUMNS: "a.b.c, d.e.f" }).captureExcludeColumns, [
      "a.b.c",
      "d.e.f"
    ])
  })

  it("has a current .env.example", () => {
    assert.strictEqual(readFileSync(new URL("../../.env.example", import.meta.url), "utf8"), envExample())
  })
})
