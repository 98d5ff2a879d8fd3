import type { GridPos } from "@grafana/grafana-foundation-sdk/dashboard"
import type { Panel, Section } from "./Panel.ts"

const columns = 24

const sizeOf = (panel: Panel): { readonly w: number; readonly h: number } =>
  panel.kind === "graph" ? { w: panel.width ?? 12, h: 8 } : { w: panel.width, h: panel.flat ? 3 : 4 }

interface Placed {
  readonly of: Panel | Section
  readonly gridPos: GridPos
}

/** From left to right, and below what is there when a line is full; each section under its title. */
export const placed = (sections: ReadonlyArray<Section>): ReadonlyArray<Placed> => {
  const all: Array<Placed> = []
  let y = 0
  for (const section of sections) {
    all.push({ of: section, gridPos: { x: 0, y, w: columns, h: 1 } })
    y += 1
    let x = 0
    let tallest = 0
    for (const panel of section.panels) {
      const { w, h } = sizeOf(panel)
      if (x + w > columns) {
        y += tallest
        x = 0
        tallest = 0
      }
      all.push({ of: panel, gridPos: { x, y, w, h } })
      x += w
      tallest = Math.max(tallest, h)
    }
    y += tallest
  }
  return all
}
