import type { Series } from "./ChartData.ts"

/** How a line looks, beside its name. */
export const ChartLine = (props: { readonly series: Series }) => (
  <svg width="18" height="8" aria-hidden="true">
    <path
      d="M1 4h16"
      fill="none"
      style={{ stroke: `var(${props.series.colour})` }}
      stroke-width="2"
      stroke-dasharray={props.series.dash?.join(" ")}
    />
  </svg>
)
