import { readdir, readFile } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"

const folder = new URL("../../ui/dist/", import.meta.url)

/** Bytes of every script, packed as browsers get it. */
const sizes = async (): Promise<ReadonlyMap<string, number>> => {
  const names = (await readdir(new URL("assets/", folder))).filter((name) => name.endsWith(".js"))
  const all = await Promise.all(
    names.map(async (name) => {
      const packed = await readFile(new URL(`assets/${name}.gz`, folder)).catch(() => undefined)
      const bytes = packed ?? (await readFile(new URL(`assets/${name}`, folder)))
      return [name, bytes.length] as const
    })
  )
  return new Map(all)
}

/** Static imports, however deep. */
const withImports = async (name: string, seen = new Set<string>()): Promise<ReadonlySet<string>> => {
  if (seen.has(name)) return seen
  seen.add(name)
  const code = await readFile(new URL(`assets/${name}`, folder), "utf8")
  for (const [, imported] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/gu)) {
    if (imported !== undefined) await withImports(imported, seen)
  }
  return seen
}

describe("the dashboard's weight, gzipped", () => {
  it("the first page takes at most 110 kB, any other 45 beside it, all together 220", async () => {
    const bytes = await sizes()
    const html = await readFile(new URL("index.html", folder), "utf8")
    const entry = /src="\/assets\/([^"]+\.js)"/u.exec(html)?.[1] ?? ""
    const sum = (names: Iterable<string>) =>
      [...names].reduce((total, name) => total + (bytes.get(name) ?? 0), 0)
    const frame = await withImports(entry)
    const overview = [...bytes.keys()].find((name) => name.startsWith("OverviewPage"))
    assert.isDefined(overview)
    assert.isAtMost(sum(await withImports(overview, new Set(frame))), 110_000)
    for (const name of bytes.keys()) {
      const own = [...(await withImports(name))].filter((imported) => !frame.has(imported))
      assert.isAtMost(sum(own), 45_000, name)
    }
    assert.isAtMost(sum(bytes.keys()), 220_000)
  })
})
