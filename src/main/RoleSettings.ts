import { Option, Result } from "effect"
import type { ProcessRole } from "../control/ThisProcess.ts"
import { definitions } from "./SettingDefinitions.ts"
import { type Environment, readSettings, SettingsError, type SettingsValue } from "./Settings.ts"

/** What each role cannot do without. The embedded stores are for a single process: roles share theirs. */
const needs = {
  dev: [],
  ingestor: ["sourceUrl", "kafkaBroker", "redisUrl"],
  worker: ["databaseUrl", "kafkaBroker", "redisUrl"],
  replayer: [],
  control: ["sourceUrl", "databaseUrl", "kafkaBroker", "redisUrl", "secretKey"]
} as const satisfies Readonly<Record<ProcessRole, ReadonlyArray<keyof typeof definitions>>>

export const neededBy = (key: string): ReadonlyArray<string> =>
  Object.entries(needs).flatMap(([role, keys]) => (keys.some((each) => each === key) ? [role] : []))

type Present<A> = A extends Option.Option<infer V> ? V : A
/** The settings that a role cannot do without, as they are when it has them. */
export type Given<R extends ProcessRole> = {
  readonly [K in (typeof needs)[R][number]]: Present<SettingsValue[K]>
}

type IsSet = (name: string) => boolean

const missing = (role: ProcessRole, isSet: IsSet): ReadonlyArray<string> =>
  needs[role].flatMap((key) => {
    const { name, allowed } = definitions[key]
    return isSet(name) ? [] : [`${name} is required in this role: ${allowed}`]
  })

/** Settings that mean nothing, or less than they seem to, without another one. */
const halves = (role: ProcessRole, isSet: IsSet, isTls: boolean): ReadonlyArray<string> => {
  const together = (set: string, needed: string): ReadonlyArray<string> =>
    isSet(set) && !isSet(needed) ? [`${needed} is required where ${set} is set`] : []
  const asksReplayer = (role === "worker" || role === "control") && isSet("REPLAYER_HOST")
  return [
    ...together("KAFKA_USERNAME", "KAFKA_PASSWORD"),
    ...together("KAFKA_PASSWORD", "KAFKA_USERNAME"),
    ...["KAFKA_TLS_CA", "KAFKA_TLS_CERT"].flatMap((set) =>
      isSet(set) && !isTls ? [`KAFKA_TLS must be on where ${set} is set`] : []
    ),
    ...together("KAFKA_TLS_CERT", "KAFKA_TLS_KEY"),
    ...together("KAFKA_TLS_KEY", "KAFKA_TLS_CERT"),
    ...together("REPLAYER_TLS_CERT", "REPLAYER_TLS_KEY"),
    ...together("REPLAYER_TLS_KEY", "REPLAYER_TLS_CERT"),
    // Each would otherwise speak in plain text, silently.
    ...(role === "replayer" ? together("REPLAYER_TLS_CA", "REPLAYER_TLS_CERT") : []),
    ...(asksReplayer ? together("REPLAYER_TLS_CERT", "REPLAYER_TLS_CA") : [])
  ]
}

const noTarget = (role: ProcessRole, environment: Environment): ReadonlyArray<string> => {
  const isSet = (name: string) => (environment[name] ?? "") !== ""
  if (role === "dev" || role === "ingestor" || (role !== "replayer" && isSet("REPLAYER_HOST"))) return []
  return Object.keys(environment).some((name) => /^TARGET_(.+_)?URL$/u.test(name) && isSet(name))
    ? []
    : [`TARGET_URL, or a TARGET_<NAME>_URL, is required in this role: ${definitions.targetUrl.allowed}`]
}

const present = (value: unknown): unknown => (Option.isOption(value) ? Option.getOrUndefined(value) : value)

export interface RoleSettings<R extends ProcessRole> {
  readonly settings: SettingsValue
  readonly given: Given<R>
}

/** A role's settings, or everything that is wrong with them at once: bad values, missing ones, halves of something. */
export const readRoleSettings = <R extends ProcessRole>(
  role: R,
  environment: Environment
): Result.Result<RoleSettings<R>, SettingsError> => {
  const isSet = (name: string) => (environment[name] ?? "") !== ""
  const read = readSettings(environment)
  const problems = [
    ...(Result.isFailure(read) ? read.failure.problems : []),
    ...missing(role, isSet),
    ...noTarget(role, environment),
    ...halves(role, isSet, environment["KAFKA_TLS"] === "on")
  ]
  if (Result.isFailure(read) || problems.length > 0) return Result.fail(new SettingsError({ problems }))
  const settings = read.success
  const given = Object.fromEntries(needs[role].map((key) => [key, present(settings[key])]))
  // Each of them is set, or it was told above.
  return Result.succeed({ settings, given: given as Given<R> })
}
