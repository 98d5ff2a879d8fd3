import { constants, deflateRawSync } from "node:zlib"

/**
 * Blocks of DEFLATE (RFC 1951) that begin and end at a byte and look back at nothing before them: in whatever order they
 * are put together, it is one stream.
 */

/** Bits of the window: what a client that asks for less cannot read. */
export const windowBits = 12

/** As it is. At most 65,535 bytes. */
export const stored = (text: string): Buffer => {
  const block = Buffer.allocUnsafe(5 + Buffer.byteLength(text))
  const length = block.write(text, 5)
  block[0] = 0
  block.writeUInt16LE(length, 1)
  block.writeUInt16LE(length ^ 0xffff, 3)
  return block
}

/** Made smaller: quickly, since it is done on the way. */
export const compressed = (bytes: Uint8Array): Buffer =>
  deflateRawSync(bytes, { level: 1, windowBits, finishFlush: constants.Z_SYNC_FLUSH })

/** What ends a message of `permessage-deflate` behind such blocks: an empty block without its last four bytes (RFC 7692, 7.2.1). */
export const messageEnd: Uint8Array = Uint8Array.of(0)
