import { Effect, Option } from "effect"
import { Command } from "effect/cli"
import { controlSection, sourceSection, targetSections } from "../../control/doctor/ExamineDatabases.ts"
import { isBroken, type Section } from "../../control/doctor/Section.ts"
import { attachOptions } from "../parts/Capturing.ts"
import { Settings } from "../Settings.ts"
import { api } from "./ApiClient.ts"
import { CliFailure, cliCodes } from "./CliFailure.ts"
import { answer, urlFlag } from "./Root.ts"

/** More than this is not read on a screen. */
const shownLines = 12

const fixLines = (fix: string): ReadonlyArray<string> => {
  const lines = fix.split("\n")
  return lines.length > shownLines
    ? [`${lines.length} lines of SQL: the finding's \`fix\` in \`walstream doctor --json\` has them`]
    : lines
}

const words = ({ part, findings, skipped }: Section): string => {
  if (skipped !== null) return `${part}: ${skipped}`
  if (findings.length === 0) return `${part}: all is well`
  const lines = findings.flatMap(({ severity, message, fix }) => [
    `  ${severity.padEnd(8)}${message}`,
    ...(fix === null ? [] : fixLines(fix).map((line, i) => `  ${i === 0 ? "    fix " : "        "}${line}`))
  ])
  return [`${part}:`, ...lines].join("\n")
}

const skipped = (part: string, why: string): Section => ({ part, findings: [], skipped: why })

/** The databases that the environment names, whether or not anything runs. */
const named = Effect.gen(function* () {
  const settings = yield* Settings
  const { sourceUrl, databaseUrl } = settings
  return [
    Option.isSome(sourceUrl)
      ? yield* sourceSection(attachOptions(settings, sourceUrl.value))
      : skipped("source", "SOURCE_URL is not set"),
    ...(yield* targetSections(settings.targets, Option.getOrNull(sourceUrl))),
    Option.isSome(databaseUrl)
      ? yield* controlSection(databaseUrl.value)
      : skipped("control database", "DATABASE_URL is not set")
  ]
})

/** What an instance that runs says of itself and of the databases it runs on. */
const running = Effect.gen(function* () {
  const { ask } = yield* api
  const { sections } = yield* ask((rpc) => rpc["system.doctor"]())
  return sections
})

export const doctorCommand = Command.make("doctor", {}, () =>
  Effect.gen(function* () {
    const { sourceUrl, targets, databaseUrl, walstreamUrl } = yield* Settings
    const isAddressed = (yield* urlFlag) !== undefined || Option.isSome(walstreamUrl)
    const isNamed =
      !isAddressed &&
      (Option.isSome(sourceUrl) || Option.isSome(databaseUrl) || Object.keys(targets).length > 0)
    // What is named is looked at from here: before the first start there is nobody else to ask.
    const sections = isNamed ? yield* named : yield* running
    yield* answer(sections, sections.map(words).join("\n\n"))
    if (isBroken(sections)) return yield* new CliFailure({ text: "", code: cliCodes.failed })
  })
).pipe(
  Command.withDescription(
    "Look everything over: the databases that SOURCE_URL, TARGET_URL and DATABASE_URL name, before anything runs; without these, or with --url, an instance that runs and its databases. Exit code 1 when something cannot work"
  )
)
