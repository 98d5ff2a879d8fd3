import { assert, describe, it } from "@effect/vitest"
import { Redacted, Result } from "effect"
import { readRoleSettings } from "../../src/main/RoleSettings.ts"
import { definitions } from "../../src/main/SettingDefinitions.ts"
import { settingGroups } from "../../src/main/SettingGroups.ts"

type Role = Parameters<typeof readRoleSettings>[0]

const url = "postgres://user:secret@db:5432/app"
const complete = {
  SOURCE_URL: url,
  TARGET_URL: url,
  DATABASE_URL: url,
  REDIS_URL: "redis://redis:6379",
  KAFKA_BROKER: "kafka:9092",
  SECRET_KEY: "c0d4e8f2-aa17-4b7e-9d21-55e0b1f3c9a6"
}
const problems = (role: Role, environment: Record<string, string>): ReadonlyArray<string> => {
  const read = readRoleSettings(role, environment)
  return Result.isFailure(read) ? read.failure.problems : []
}
const names = (role: Role, environment: Record<string, string>) =>
  problems(role, environment).map((line) => line.split(/[ ,]/u)[0])

describe("a role's settings", () => {
  it("are refused with all that is missing at once, and what each may be", () => {
    assert.deepStrictEqual(names("ingestor", {}), ["SOURCE_URL", "KAFKA_BROKER", "REDIS_URL"])
    assert.deepStrictEqual(names("worker", {}), ["DATABASE_URL", "KAFKA_BROKER", "REDIS_URL", "TARGET_URL"])
    assert.deepStrictEqual(names("replayer", {}), ["TARGET_URL"])
    assert.deepStrictEqual(names("control", { REPLAYER_HOST: "replayer" }), [
      "SOURCE_URL",
      "DATABASE_URL",
      "KAFKA_BROKER",
      "REDIS_URL",
      "SECRET_KEY"
    ])
    assert.deepStrictEqual(names("dev", {}), [])
    assert.include(
      problems("ingestor", {}),
      "KAFKA_BROKER is required in this role: a list of host:port with commas between"
    )
  })

  it("are refused with bad and missing ones together, and no value", () => {
    const found = problems("control", { ...complete, SECRET_KEY: "hunter2", HTTP_PORT: "web", REDIS_URL: "" })
    assert.deepStrictEqual(
      found.map((line) => line.split(" ")[0]),
      ["HTTP_PORT", "SECRET_KEY", "REDIS_URL"]
    )
    assert.notInclude(found.join("\n"), "hunter2")
  })

  it("are there when nothing is missing", () => {
    for (const role of ["ingestor", "worker", "replayer", "control", "dev"] as const)
      assert.deepStrictEqual(problems(role, complete), [], role)
    const { given } = Result.getOrThrow(readRoleSettings("control", complete))
    assert.strictEqual(Redacted.value(given.sourceUrl), url)
    assert.deepStrictEqual(given.kafkaBroker, ["kafka:9092"])
  })

  it("may name other targets than the default one", () => {
    assert.deepStrictEqual(names("replayer", { TARGET_STAGING_URL: url }), [])
    assert.deepStrictEqual(names("worker", { ...complete, TARGET_URL: "" }), ["TARGET_URL"])
  })

  it("are refused where half of a login or of a certificate is missing: it would be left out silently", () => {
    const more = (role: Role, environment: Record<string, string>) =>
      problems(role, { ...complete, REPLAYER_HOST: "replayer", ...environment })
    assert.deepStrictEqual(more("ingestor", { KAFKA_USERNAME: "walstream" }), [
      "KAFKA_PASSWORD is required where KAFKA_USERNAME is set"
    ])
    assert.deepStrictEqual(more("ingestor", { KAFKA_TLS_CA: "ca.pem" }), [
      "KAFKA_TLS must be on where KAFKA_TLS_CA is set"
    ])
    assert.deepStrictEqual(more("ingestor", { KAFKA_TLS_CERT: "cert.pem" }), [
      "KAFKA_TLS must be on where KAFKA_TLS_CERT is set",
      "KAFKA_TLS_KEY is required where KAFKA_TLS_CERT is set"
    ])
    assert.deepStrictEqual(more("worker", { KAFKA_TLS: "on", KAFKA_TLS_KEY: "key.pem" }), [
      "KAFKA_TLS_CERT is required where KAFKA_TLS_KEY is set"
    ])
    assert.deepStrictEqual(more("replayer", { REPLAYER_TLS_CERT: "cert.pem" }), [
      "REPLAYER_TLS_KEY is required where REPLAYER_TLS_CERT is set"
    ])
    assert.deepStrictEqual(more("replayer", { REPLAYER_TLS_CA: "ca.pem" }), [
      "REPLAYER_TLS_CERT is required where REPLAYER_TLS_CA is set"
    ])
    assert.deepStrictEqual(more("worker", { REPLAYER_TLS_CERT: "cert.pem", REPLAYER_TLS_KEY: "key.pem" }), [
      "REPLAYER_TLS_CA is required where REPLAYER_TLS_CERT is set"
    ])
  })

  it("are in one group each, which says who reads them", () => {
    const grouped = settingGroups.flatMap(({ keys }) => keys)
    assert.deepStrictEqual(grouped.toSorted(), Object.keys(definitions).toSorted())
  })
})
