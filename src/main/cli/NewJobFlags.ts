import { Clock, Effect, Option } from "effect"
import { type Command, Flag } from "effect/cli"
import type { NewJob } from "../../control/api/NewJob.ts"
import { operations } from "../../domain/Change.ts"
import { dedupeModes, mismatchModes } from "../../domain/Job.ts"
import { parseLength } from "../../domain/Length.ts"
import { type CliFailure, misused } from "./CliFailure.ts"
import { parseTime, timeText } from "./TimeWords.ts"

const times = "RFC 3339, a local date and time, `now`, or a length of time ago such as `15m`"

const optionalText = (name: string, about: string) =>
  Flag.String(name).pipe(Flag.withDescription(about), Flag.optional)

/** What a job is to be. */
export const newJobFlags = {
  name: optionalText("name", "a name for people"),
  from: optionalText("from", `begin: ${times}, or \`beginning\``),
  to: optionalText("to", `end: ${times}; default: all there is when it starts`),
  last: optionalText("last", "the last stretch of time up to now, such as `15m`"),
  startLsn: optionalText("start-lsn", "begin at this LSN, such as 16/B374D848"),
  endLsn: optionalText("end-lsn", "end before this LSN"),
  speed: Flag.String("speed").pipe(Flag.withDescription("0.1 to 100, or `max`"), Flag.withDefault("1")),
  tables: Flag.String("table").pipe(
    Flag.withDescription("only this schema.table; may be given again"),
    Flag.atLeast(0)
  ),
  operations: Flag.Literals("operation", operations).pipe(
    Flag.withDescription("only this operation; may be given again"),
    Flag.atLeast(0)
  ),
  target: Flag.String("target").pipe(
    Flag.withDescription("a configured target's name"),
    Flag.withDefault("default")
  ),
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDescription("count, but write nothing"),
    Flag.withDefault(false)
  ),
  dedupe: Flag.Literals("dedupe", dedupeModes).pipe(
    Flag.withDescription("what counts as applied already"),
    Flag.withDefault("target")
  ),
  onMismatch: Flag.Literals("on-mismatch", mismatchModes).pipe(
    Flag.withDescription("when the target's row is not what history says"),
    Flag.withDefault("converge")
  ),
  maxGap: optionalText("max-gap", "shorten idle stretches to this, such as `5s`"),
  follow: Flag.Boolean("follow").pipe(Flag.withDescription("go on with what comes"), Flag.withDefault(false)),
  strictSource: Flag.Boolean("strict-source").pipe(
    Flag.withDescription("fail rather than change over to the archive"),
    Flag.withDefault(false)
  )
}

type Given = Command.Command.Config.Infer<typeof newJobFlags>

const readTime = (flag: string, text: string, now: number): Effect.Effect<string, CliFailure> => {
  const time = parseTime(text, now)
  return time === undefined
    ? Effect.fail(misused(`--${flag} must be ${times}`))
    : Effect.succeed(timeText(time))
}

const readLength = (flag: string, text: string): Effect.Effect<number, CliFailure> => {
  const seconds = parseLength(text)
  return seconds === undefined
    ? Effect.fail(misused(`--${flag} must be a length of time such as 90s, 15m or 1h30m`))
    : Effect.succeed(seconds)
}

const readSpeed = (text: string): Effect.Effect<number | "max", CliFailure> => {
  if (text === "max") return Effect.succeed("max")
  const speed = Number(text.replace(/x$/u, ""))
  return Number.isFinite(speed) && text !== ""
    ? Effect.succeed(speed)
    : Effect.fail(misused("--speed must be a number from 0.1 to 100, or max"))
}

/** Where it begins: exactly one of the ways to say so. */
const startOf = Effect.fnUntraced(function* (given: Given, now: number) {
  const { from, last, startLsn } = given
  if ([from, last, startLsn].filter(Option.isSome).length !== 1) {
    return yield* misused("say where to begin: one of --from, --last or --start-lsn")
  }
  if (Option.isSome(last)) {
    if (Option.isSome(given.to)) return yield* misused("--last ends now: leave --to out")
    const seconds = yield* readLength("last", last.value)
    return {
      start_time: yield* readTime("last", `${seconds}s`, now),
      ...(given.follow ? {} : { end_time: yield* readTime("to", "now", now) })
    }
  }
  if (Option.isSome(from)) {
    return { start_time: from.value === "beginning" ? null : yield* readTime("from", from.value, now) }
  }
  return Option.isSome(startLsn) ? { start_lsn: startLsn.value } : {}
})

/** The request that the flags amount to. */
export const newJobOf = Effect.fnUntraced(function* (given: Given) {
  const now = yield* Clock.currentTimeMillis
  const job: NewJob = {
    ...(yield* startOf(given, now)),
    ...(Option.isSome(given.to) ? { end_time: yield* readTime("to", given.to.value, now) } : {}),
    ...(Option.isSome(given.endLsn) ? { end_lsn: given.endLsn.value } : {}),
    ...(Option.isSome(given.name) ? { name: given.name.value } : {}),
    ...(Option.isSome(given.maxGap)
      ? { max_gap_seconds: yield* readLength("max-gap", given.maxGap.value) }
      : {}),
    ...(given.tables.length === 0 ? {} : { tables: given.tables }),
    ...(given.operations.length === 0 ? {} : { operations: given.operations }),
    speed_factor: yield* readSpeed(given.speed),
    target: given.target,
    dry_run: given.dryRun,
    dedupe: given.dedupe,
    on_mismatch: given.onMismatch,
    follow: given.follow,
    strict_source: given.strictSource
  }
  return job
})
