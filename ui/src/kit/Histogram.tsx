import { For } from "solid-js"
import "./Histogram.css"

export interface Bucket {
  readonly start: string
  readonly end: string
  readonly changes: number
}

const height = 100

/** Bars of equal width; the tallest is as high as the frame. A square root keeps small ones in sight beside a burst. */
export const Histogram = (props: { readonly buckets: ReadonlyArray<Bucket> }) => {
  const most = () => Math.max(1, ...props.buckets.map(({ changes }) => changes))
  const tall = (changes: number) =>
    changes === 0 ? 0 : Math.max(2.5, Math.sqrt(changes / most()) * (height - 6))
  return (
    <svg
      data-component="histogram"
      viewBox={`0 0 ${Math.max(1, props.buckets.length)} ${height}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <For each={props.buckets}>
        {({ changes }, index) => (
          <rect x={index() + 0.12} y={height - tall(changes)} width={0.76} height={tall(changes)} />
        )}
      </For>
    </svg>
  )
}
