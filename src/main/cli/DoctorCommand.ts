import { Effect, Option, type Redacted } from "effect"
import { Command } from "effect/cli"
import { examineControl } from "../../control/doctor/ExamineControl.ts"
import { examineTarget } from "../../control/doctor/ExamineTarget.ts"
import { examineSource } from "../../ingest/Doctor.ts"
import { type Finding, sortFindings } from "../../ingest/doctor/Finding.ts"
import { attachOptions } from "../DevDatabases.ts"
import { Settings } from "../Settings.ts"
import { CliFailure, cliCodes } from "./CliFailure.ts"
import { answer } from "./Root.ts"

interface Section {
  readonly part: string
  readonly findings: ReadonlyArray<Finding>
  /** Why it was not looked at. */
  readonly skipped?: string
}

const words = ({ part, findings, skipped }: Section): string => {
  if (skipped !== undefined) return `${part}: ${skipped}`
  if (findings.length === 0) return `${part}: all is well`
  const lines = findings.flatMap(({ severity, message, fix }) => [
    `  ${severity.padEnd(8)}${message}`,
    ...(fix === null ? [] : fix.split("\n").map((line, i) => `  ${i === 0 ? "    fix " : "        "}${line}`))
  ])
  return [`${part}:`, ...lines].join("\n")
}

const sourceSection = Effect.fnUntraced(function* (url: Option.Option<Redacted.Redacted>) {
  const part = "source (SOURCE_URL)"
  if (Option.isNone(url)) {
    const section: Section = { part, findings: [], skipped: "not set: the embedded demo needs no doctor" }
    return section
  }
  const options = attachOptions(yield* Settings, url.value)
  const findings = yield* examineSource(options, { incarnation: null, mark: null })
  return { part, findings } satisfies Section
})

export const doctorCommand = Command.make("doctor", {}, () =>
  Effect.gen(function* () {
    const settings = yield* Settings
    const source = yield* sourceSection(settings.sourceUrl)
    const targets = yield* Effect.forEach(Object.entries(settings.targets), ([name, url]) =>
      Effect.map(
        examineTarget({ name, url, source: Option.getOrNull(settings.sourceUrl) }),
        (findings): Section => ({ part: `target ${name}`, findings: sortFindings(findings) })
      )
    )
    const control: Section = Option.isNone(settings.databaseUrl)
      ? { part: "control database (DATABASE_URL)", findings: [], skipped: "not set: embedded" }
      : {
          part: "control database (DATABASE_URL)",
          findings: yield* examineControl(settings.databaseUrl.value)
        }
    const sections: ReadonlyArray<Section> = [source, ...targets, control]
    yield* answer(sections, sections.map(words).join("\n\n"))
    const isBroken = sections.some(({ findings }) => findings.some(({ severity }) => severity === "error"))
    if (isBroken) return yield* new CliFailure({ text: "", code: cliCodes.failed })
  })
).pipe(
  Command.withDescription(
    "Look source, targets and control database over before anything runs; exit code 1 when something cannot work"
  )
)
