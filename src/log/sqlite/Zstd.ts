import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib"

/** After how many runs the contexts that they left behind are swept: about 10 MB of them. */
const sweepEvery = 64

/** The engine's own collector, which a flag brings to light. */
const collector = (): (() => void) => {
  setFlagsFromString("--expose-gc")
  const gc: unknown = runInNewContext("gc")
  return typeof gc === "function" ? () => gc() : () => undefined
}

let collect: (() => void) | undefined
let runs = 0

/**
 * Node frees a run's native memory (150 KB) only when its wrapper is collected, and a thread that makes little
 * garbage collects only once there are 64 MB of it. These threads' heaps are small: collecting takes milliseconds.
 */
const sweep = (): void => {
  runs += 1
  if (runs < sweepEvery) return
  runs = 0
  collect ??= collector()
  collect()
}

export const compressText = (text: Uint8Array): Uint8Array => {
  sweep()
  return zstdCompressSync(text, {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    pledgedSrcSize: text.length,
    chunkSize: Math.ceil(text.length / 2)
  })
}

export const decompressText = (body: Uint8Array): Buffer => {
  sweep()
  return zstdDecompressSync(body)
}
