import { Context, Effect, Layer, Option, type Redacted, Result, Schema } from "effect"
import type { Setting } from "./Setting.ts"
import { definitions } from "./SettingDefinitions.ts"

type Definitions = typeof definitions
type Values = { readonly [K in keyof Definitions]: Definitions[K] extends Setting<infer A> ? A : never }

export interface SettingsValue extends Values {
  /** By name: `default` from TARGET_URL, `staging` from TARGET_STAGING_URL. */
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
}

/** Every bad variable, one line each: its name and what it may be. Never its value. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  problems: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return this.problems.join("\n")
  }
}

export type Environment = Readonly<Record<string, string | undefined>>

const read = <A>(setting: Setting<A>, environment: Environment): Result.Result<A, string> => {
  const given = environment[setting.name]
  const value = given === undefined || given === "" ? setting.fallback : given
  if (value === null) return Result.fromOption(setting.unset, () => `${setting.name} is required`)
  return Result.mapError(setting.read(value), () => `${setting.name} must be ${setting.allowed}`)
}

const namedTarget = /^TARGET_([A-Z0-9_]+)_URL$/u

const readTargets = (environment: Environment, problems: Array<string>) => {
  const targets: Record<string, Redacted.Redacted> = {}
  for (const name of Object.keys(environment).toSorted()) {
    const key = name === "TARGET_URL" ? "default" : namedTarget.exec(name)?.[1]?.toLowerCase()
    if (key === undefined) continue
    const url = read({ ...definitions.targetUrl, name }, environment)
    if (Result.isFailure(url)) {
      if (name !== "TARGET_URL") problems.push(url.failure)
    } else if (Option.isSome(url.success)) targets[key] = url.success.value
  }
  return targets
}

/** All values, or every problem at once. */
export const readSettings = (environment: Environment): Result.Result<SettingsValue, SettingsError> => {
  const problems: Array<string> = []
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries<Setting<unknown>>(definitions)) {
    const value = read(setting, environment)
    if (Result.isFailure(value)) problems.push(value.failure)
    else values[key] = value.success
  }
  const targets = readTargets(environment, problems)
  // Every key of `definitions` was read above by its own setting.
  return problems.length === 0
    ? Result.succeed({ ...(values as Values), targets })
    : Result.fail(new SettingsError({ problems }))
}

export class Settings extends Context.Service<Settings, SettingsValue>()("walstream/main/Settings") {
  /** From the environment of this process, as a reader takes it. */
  static readonly load = <A>(
    reader: (environment: Environment) => Result.Result<A, SettingsError>
  ): Effect.Effect<A, SettingsError> => Effect.suspend(() => Effect.fromResult(reader(process.env)))
  static readonly layer = Layer.effect(Settings, Settings.load(readSettings))
}
