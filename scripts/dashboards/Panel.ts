import type * as units from "@grafana/grafana-foundation-sdk/units"

/** Those that Grafana knows. */
export type Unit = Extract<(typeof units)[keyof typeof units], string>

export type Line = readonly [expr: string, legend: string]

interface Shown {
  readonly title: string
  readonly unit: Unit
  readonly lines: ReadonlyArray<Line>
  /** The rule of `monitoring/rules.yml` that watches it. */
  readonly alert?: string
  /** From here on it is wrong: where the rule has a number, the rule's. */
  readonly limit?: number
  /** What is said where there is nothing to show, and why that may be. */
  readonly empty?: string
}

/** A graph over the chosen time. */
export interface Graph extends Shown {
  readonly kind: "graph"
  /** Of 24 columns; a half if not given. */
  readonly width?: number
  /** The end of its axis; as high as its lines if not given. */
  readonly max?: number
  /** States, which hold until the next: no slope between them. */
  readonly steps?: true
  /** Legends of the lines that should stay at 0: they are red. */
  readonly bad?: ReadonlyArray<string>
}

/** Grey is what is not known. */
export type Color = "green" | "orange" | "red" | "grey"

/** What is so now, in large letters; with several series each beside its legend. */
export interface Tile extends Shown {
  readonly kind: "tile"
  readonly width: number
  /** Less high than others. */
  readonly flat?: true
  /** Says words for numbers. */
  readonly words?: Readonly<Record<number, readonly [text: string, color: Color]>>
  /** Shows the series' legends alone. */
  readonly names?: true
}

export type Panel = Graph | Tile

type Rest<P extends Panel> = Omit<P, "kind" | "title" | "unit" | "lines">

export const graph = (
  title: string,
  unit: Unit,
  lines: ReadonlyArray<Line>,
  rest: Rest<Graph> = {}
): Graph => ({ kind: "graph", title, unit, lines, ...rest })

export const tile = (
  title: string,
  unit: Unit,
  lines: ReadonlyArray<Line>,
  rest: Partial<Rest<Tile>> = {}
): Tile => ({ kind: "tile", title, unit, lines, width: 4, ...rest })

export interface Section {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

/** A choice above the panels: the values of a label that a series has. */
export interface Choice {
  readonly name: "source" | "instance"
  readonly of: string
}

export interface Dashboard {
  /** Its file, and its address in Grafana. */
  readonly name: string
  readonly title: string
  readonly choices: ReadonlyArray<Choice>
  readonly sections: ReadonlyArray<Section>
}
