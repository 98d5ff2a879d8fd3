import { Context, Layer, Logger, LogLevel, References } from "effect"
import { groupOf } from "../runtime/Child.ts"

export const logLevelNames = ["Error", "Warn", "Info", "Debug"] as const
export type LogLevelName = (typeof logLevelNames)[number]

/** What stands in for the level of a subsystem that has none of its own. */
const anySubsystem = "default"

/**
 * What is logged, by subsystem: the branch of the supervision tree that a line comes from, `api` for what a request caused,
 * `main` for the rest. May be changed while the process runs.
 */
export class LevelTable {
  readonly #initial: ReadonlyMap<string, LogLevelName>
  #levels: Map<string, LogLevelName>

  constructor(fallback: LogLevelName, bySubsystem: Iterable<readonly [string, LogLevelName]> = []) {
    this.#initial = new Map([[anySubsystem, fallback], ...bySubsystem])
    this.#levels = new Map(this.#initial)
  }

  allows(subsystem: string, level: LogLevel.LogLevel): boolean {
    const least = this.#levels.get(subsystem) ?? this.#levels.get(anySubsystem) ?? "Info"
    return LogLevel.isGreaterThanOrEqualTo(level, least)
  }

  set(subsystem: string, level: LogLevelName): void {
    this.#levels.set(subsystem, level)
  }

  /** As it was at the start. */
  reset(): void {
    this.#levels = new Map(this.#initial)
  }

  get all(): Readonly<Record<string, LogLevelName>> {
    return Object.fromEntries(this.#levels)
  }
}

export class LogLevels extends Context.Service<LogLevels, LevelTable>()("walstream/main/LogLevels") {}

/** Where a line comes from. */
const subsystemOf = ({ actor, request_id: request }: Readonly<Record<string, unknown>>): string => {
  if (typeof request === "string") return "api"
  return typeof actor === "string" ? groupOf(actor) : "main"
}

/** Writes what the table allows, to stderr: stdout is for what a person asked for. */
export const layerLogging = (levels: LevelTable, line: Logger.Logger<unknown, void>): Layer.Layer<never> => {
  const filtered = Logger.make<unknown, void>((options) => {
    const annotations = options.fiber.getRef(References.CurrentLogAnnotations)
    if (levels.allows(subsystemOf(annotations), options.logLevel)) line.log(options)
  })
  return Layer.mergeAll(
    Logger.layer([filtered]),
    // The table decides, since it may change.
    Layer.succeed(References.MinimumLogLevel, "Debug"),
    Layer.succeed(Logger.LogToStderr, true)
  )
}
