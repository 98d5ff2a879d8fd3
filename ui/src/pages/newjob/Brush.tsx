import { createSignal, For, type JSX, Show } from "solid-js"
import { type Bucket, Histogram } from "../../kit/Histogram.tsx"
import { dragged, type Grip, gripAt, type Stretch } from "./BrushMath.ts"
import "./Brush.css"

interface BrushProps {
  readonly buckets: ReadonlyArray<Bucket>
  readonly value: Stretch | null
  /** While it is dragged. */
  readonly onDrag: (stretch: Stretch) => void
  /** When it is let go of. */
  readonly onChange: (stretch: Stretch) => void
  /** What an end says of itself. */
  readonly textAt: (share: number) => string
  readonly ticks: ReadonlyArray<string>
}

/** One step of the arrow keys; with Shift ten. */
const step = 1 / 120

/** A window, chosen by dragging over the picture; its ends by the arrow keys, too. */
export const Brush = (props: BrushProps) => {
  const [drag, setDrag] = createSignal<{ grip: Grip; start: number; held: Stretch } | null>(null)
  let plot: HTMLDivElement | undefined

  const shareOf = (event: PointerEvent): number => {
    const box = plot?.getBoundingClientRect()
    return box === undefined || box.width === 0 ? 0 : (event.clientX - box.left) / box.width
  }
  const press = (event: PointerEvent & { currentTarget: HTMLDivElement }) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    const at = shareOf(event)
    const isEdge = event.target instanceof HTMLElement ? event.target.dataset["end"] : undefined
    const grip = isEdge === "from" || isEdge === "until" ? isEdge : gripAt(at, props.value)
    setDrag({ grip, start: at, held: props.value ?? { from: at, until: at } })
  }
  const move = (event: PointerEvent) => {
    const held = drag()
    if (held !== null) props.onDrag(dragged(held.grip, held.held, held.start, shareOf(event)))
  }
  const release = (event: PointerEvent) => {
    const held = drag()
    if (held === null) return
    setDrag(null)
    const stretch = dragged(held.grip, held.held, held.start, shareOf(event))
    // A click is no window.
    props.onChange(stretch.until - stretch.from < 0.002 ? held.held : stretch)
  }
  const onKey = (end: "from" | "until") => (event: KeyboardEvent) => {
    const held = props.value
    if (held === null) return
    const by = (event.shiftKey ? 10 : 1) * step
    const to: Readonly<Record<string, number>> = {
      ArrowLeft: held[end] - by,
      ArrowDown: held[end] - by,
      ArrowRight: held[end] + by,
      ArrowUp: held[end] + by,
      Home: 0,
      End: 1
    }
    const at = to[event.key]
    if (at === undefined) return
    event.preventDefault()
    const bounded = end === "from" ? Math.min(at, held.until - step) : Math.max(at, held.from + step)
    props.onChange(dragged(end, held, held[end], bounded))
  }
  const handle = (end: "from" | "until", label: string): JSX.Element => (
    <button
      type="button"
      role="slider"
      data-part="end"
      data-end={end}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round((props.value?.[end] ?? 0) * 100)}
      aria-valuetext={props.textAt(props.value?.[end] ?? 0)}
      onKeyDown={onKey(end)}
    />
  )

  return (
    <div data-component="brush">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: its two ends are the controls, by keyboard and by screen reader */}
      <div
        ref={(made) => {
          plot = made
        }}
        data-part="plot"
        onPointerDown={press}
        onPointerMove={move}
        onPointerUp={release}
        onPointerCancel={() => setDrag(null)}
        onDblClick={() => props.onChange({ from: 0, until: 1 })}
      >
        <Histogram buckets={props.buckets} />
        <Show when={props.value}>
          {(held) => (
            <div
              data-part="window"
              style={{ left: `${held().from * 100}%`, width: `${(held().until - held().from) * 100}%` }}
            >
              {handle("from", "Window starts")}
              {handle("until", "Window ends")}
            </div>
          )}
        </Show>
      </div>
      <p class="ticks" aria-hidden="true">
        <For each={props.ticks}>{(tick) => <span>{tick}</span>}</For>
      </p>
    </div>
  )
}
