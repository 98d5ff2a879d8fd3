import { Effect, type Redacted } from "effect"
import type { AttachOptions } from "../../ingest/Attach.ts"
import { examineSource } from "../../ingest/Doctor.ts"
import { sortFindings } from "../../ingest/doctor/Finding.ts"
import { noHistory } from "../../ingest/History.ts"
import { examineControl } from "./ExamineControl.ts"
import { examineTarget } from "./ExamineTarget.ts"
import type { Section } from "./Section.ts"

export interface DatabasesToExamine {
  readonly source: AttachOptions
  readonly targets: Readonly<Record<string, Redacted.Redacted>>
  readonly control: Redacted.Redacted
}

/** Looks at the source, without its history: whether slot and archive fit is for capture, which knows both. */
export const sourceSection = (options: AttachOptions): Effect.Effect<Section> =>
  Effect.map(examineSource(options, noHistory), (findings) => ({
    part: "source",
    findings,
    skipped: null
  }))

export const targetSections = (
  targets: DatabasesToExamine["targets"],
  source: Redacted.Redacted | null
): Effect.Effect<ReadonlyArray<Section>> =>
  Effect.forEach(Object.entries(targets), ([name, url]) =>
    Effect.map(
      examineTarget({ name, url, source }),
      (findings): Section => ({ part: `target ${name}`, findings: sortFindings(findings), skipped: null })
    )
  )

export const controlSection = (url: Redacted.Redacted): Effect.Effect<Section> =>
  Effect.map(examineControl(url), (findings) => ({ part: "control database", findings, skipped: null }))

/** Every database of an instance. Changes nothing, never fails. */
export const examineDatabases = (databases: DatabasesToExamine): Effect.Effect<ReadonlyArray<Section>> =>
  Effect.gen(function* () {
    const { source, targets, control } = databases
    return [
      yield* sourceSection(source),
      ...(yield* targetSections(targets, source.url)),
      yield* controlSection(control)
    ]
  })
