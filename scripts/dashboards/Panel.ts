import type * as units from "@grafana/grafana-foundation-sdk/units"

/** Those that Grafana knows. */
export type Unit = Extract<(typeof units)[keyof typeof units], string>

/** A panel: what it shows, in which unit, and the queries of its lines with their legends. */
export interface Panel {
  readonly title: string
  readonly unit: Unit
  readonly lines: ReadonlyArray<readonly [expr: string, legend: string]>
}

export interface Dashboard {
  /** Its file, and its address in Grafana. */
  readonly name: string
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}
