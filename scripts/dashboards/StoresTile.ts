import { type Tile, tile } from "./Panel.ts"

/** Whether archive and live buffer answer. */
export const storesTile = (expr: string, width = 4): Tile =>
  tile("Stores answer", "short", [[expr, "{{store}}"]], {
    width,
    words: { 0: ["no", "red"], 1: ["yes", "green"] },
    empty: "nobody knows"
  })
