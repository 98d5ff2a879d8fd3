import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"

/** Beside `src` in the repository, beside the compiled `src` in `dist`. */
const dashboardFolder = new URL("../../../ui/dist/", import.meta.url)

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
  woff2: "font/woff2"
}

export interface DashboardFile {
  readonly contentType: string
  /** Of those that the build has packed already. */
  readonly encodings: ReadonlyArray<"br" | "gzip">
  readonly read: (encoding: "br" | "gzip" | null) => Promise<Uint8Array>
}

export interface DashboardFiles {
  readonly index: DashboardFile
  /** Names the build: a page that was read before is still the same. */
  readonly tag: string
  /** By name below `assets/`: a name is of one content for ever. */
  readonly assets: ReadonlyMap<string, DashboardFile>
}

const ends = { br: ".br", gzip: ".gz" } as const

/** The built dashboard; undefined where it was not built. */
export const dashboardFiles = async (folder = dashboardFolder): Promise<DashboardFiles | undefined> => {
  const names = new Set(await readdir(folder, { recursive: true }).catch(() => []))
  const fileOf = (name: string): DashboardFile => ({
    contentType: contentTypes[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
    encodings: (["br", "gzip"] as const).filter((encoding) => names.has(`${name}${ends[encoding]}`)),
    read: (encoding) => readFile(new URL(`${name}${encoding === null ? "" : ends[encoding]}`, folder))
  })
  if (!names.has("index.html")) return undefined
  const assets = [...names].filter((name) => name.startsWith("assets/") && !/\.(?:br|gz)$/u.test(name))
  const index = fileOf("index.html")
  const digest = createHash("sha256").update(await index.read(null))
  return {
    index,
    tag: digest.digest("base64url").slice(0, 20),
    assets: new Map(assets.map((name) => [name.slice("assets/".length), fileOf(name)]))
  }
}
