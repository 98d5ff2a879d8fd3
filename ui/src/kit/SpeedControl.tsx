import { createEffect, createSignal, createUniqueId, on } from "solid-js"
import { speed as speedText } from "../lib/Numbers.ts"
import { Checkbox, Input } from "./Form.tsx"
import "./SpeedControl.css"

export type Speed = number | "max"

/** The slider goes from 0.1 to 100 in equal steps of the factor. */
const toSlider = (speed: number): number => Math.log10(speed)
const fromSlider = (value: number): number => Number((10 ** value).toPrecision(2))

/** What a person typed: 0.1 to 100, a "max", or nothing that is meant. */
const parse = (text: string): Speed | undefined => {
  const words = text.trim().toLowerCase()
  if (words === "max") return "max"
  const typed = words.replace(/[×x]$/u, "").trim()
  const value = Number(typed.replace(",", "."))
  return typed !== "" && value >= 0.1 && value <= 100 ? value : undefined
}

interface SpeedControlProps {
  readonly value: Speed
  /** On release, or when what was typed is meant. */
  readonly onChange: (speed: Speed) => void
  readonly disabled?: boolean | undefined
}

/** How fast history is played: a slider for the feel, a field for the figure, and as fast as it goes. */
export const SpeedControl = (props: SpeedControlProps) => {
  const id = createUniqueId()
  const [shown, setShown] = createSignal<Speed>(props.value)
  createEffect(on(() => props.value, setShown))
  const factor = () => {
    const speed = shown()
    return speed === "max" ? 100 : speed
  }
  return (
    <div data-component="speed-control">
      <label for={id} class="muted">
        Speed
      </label>
      <input
        id={id}
        type="range"
        min={-1}
        max={2}
        step={0.05}
        disabled={props.disabled}
        value={toSlider(factor())}
        aria-valuetext={speedText(shown())}
        onInput={(event) => setShown(fromSlider(Number(event.currentTarget.value)))}
        onChange={(event) => props.onChange(fromSlider(Number(event.currentTarget.value)))}
      />
      <Input
        mono
        aria-label="Speed, exactly"
        disabled={props.disabled}
        value={speedText(shown())}
        onChange={(event) => {
          const speed = parse(event.currentTarget.value)
          if (speed === undefined) event.currentTarget.value = speedText(shown())
          else props.onChange(speed)
        }}
      />
      <Checkbox checked={shown() === "max"} onChange={(isMax) => props.onChange(isMax ? "max" : 1)}>
        max
      </Checkbox>
    </div>
  )
}
