import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { brotliCompress, constants, gzip } from "node:zlib"
import type { Plugin } from "vite"

const brotli = promisify(brotliCompress)
const zip = promisify(gzip)

const text = /\.(?:css|html|js|svg)$/u
/** Below it the headers cost more than is saved. */
const smallest = 600

const compress = async (path: string): Promise<void> => {
  if (!text.test(path) || (await stat(path)).size < smallest) return
  const plain = await readFile(path)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length }
  await Promise.all([
    brotli(plain, { params }).then((packed) => writeFile(`${path}.br`, packed)),
    zip(plain, { level: 9 }).then((packed) => writeFile(`${path}.gz`, packed))
  ])
}

/** Beside every text of the build its gzip and brotli, so that the server compresses nothing. */
export const precompress = (): Plugin => {
  let folder = ""
  return {
    name: "walstream:precompress",
    apply: "build",
    configResolved: ({ root, build }) => {
      folder = join(root, build.outDir)
    },
    closeBundle: async () => {
      const names = await readdir(folder, { recursive: true })
      await Promise.all(names.map((name) => compress(join(folder, name))))
    }
  }
}
