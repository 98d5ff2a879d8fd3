import type { MetricsJson } from "../../../../src/control/api/MetricsJson.ts"
import type { SourceJson } from "../../../../src/control/api/SystemApi.ts"
import type { Check } from "./Checks.ts"

export interface Verdict {
  readonly title: string
  readonly text: string
}

const phaseTitles: Readonly<Record<SourceJson["phase"], string>> = {
  starting: "Capture is starting",
  attaching: "Capture attaches to the source",
  capturing: "Everything is flowing",
  blocked: "Capture waits for the archive",
  retrying: "The source does not answer",
  stopped: "Capture has stopped",
  ended: "Capture has ended",
  silent: "Nobody hears from capture"
}

const sentence = (text: string): string => (/[.!?]$/u.test(text) ? text : `${text}.`)

/** The page's first sentence: how things are, then what to look at. */
export const verdictOf = (
  source: SourceJson | undefined,
  metrics: MetricsJson | null,
  checks: ReadonlyArray<Check>
): Verdict => {
  if (source === undefined) return { title: "Overview", text: "Asking how things are…" }
  const wrong = checks.filter(({ tone }) => tone === "bad" || tone === "warn")
  const isQuiet = source.phase === "capturing" && metrics?.rates.captured_changes === 0
  const title = isQuiet ? "Everything is ready, the source is quiet" : phaseTitles[source.phase]
  const [first] = wrong
  if (first === undefined) {
    return {
      title,
      text: isQuiet ? "Nothing was committed in the last ten seconds." : "Nothing needs you at the moment."
    }
  }
  const rest = wrong.length === 1 ? "" : ` And ${wrong.length - 1} more, under Checks.`
  const isTold = first.id === "capture"
  return {
    title,
    text: isTold
      ? `${sentence(first.cause ?? first.title)}${rest}`
      : `To look at: ${sentence(first.title)}${rest}`
  }
}
