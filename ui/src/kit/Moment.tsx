import { Show } from "solid-js"
import { missing } from "../lib/Numbers.ts"
import { isoText, momentText, preciseText, relativeText } from "../lib/Time.ts"
import { useApp } from "../state/App.ts"

interface MomentProps {
  readonly at: string | null | undefined
  /** `precise` shows milliseconds and no day; `relative` follows the reader's setting. */
  readonly as?: "moment" | "precise" | "relative"
}

/** A time in the reader's zone; the whole of it in the title. */
export const Moment = (props: MomentProps) => {
  const { preferences, now } = useApp()
  const zone = () => preferences.values.zone
  const text = (at: string): string => {
    const date = new Date(at)
    if (props.as === "precise") return preciseText(date, zone())
    if (props.as === "relative" && preferences.values.relative) return relativeText(date, now())
    return momentText(date, zone(), now())
  }
  return (
    <Show when={props.at} fallback={<span class="faint">{missing}</span>}>
      {(at) => (
        <time datetime={at()} title={isoText(at(), zone())}>
          {text(at())}
        </time>
      )}
    </Show>
  )
}
