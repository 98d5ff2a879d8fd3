/*
 * A record that is larger than the topic takes goes there in parts: the value cut into pieces, each a record of the
 * same key in the same partition, in order, with a header that says which piece of how many it is.
 */

export const partHeader = "walstream-part"

/** `id` tells the parts of one record from those of a repeat by another process. */
export const partLabel = (part: number, parts: number, id: string): string => `${part}/${parts}/${id}`

const shape = /^(\d+)\/(\d+)\/(.+)$/u

export const splitValue = (value: Buffer, most: number): ReadonlyArray<Buffer> => {
  const parts: Array<Buffer> = []
  for (let at = 0; at < value.length; at += most) parts.push(value.subarray(at, at + most))
  return parts
}

/** How many begun records are kept in mind: more than two writers at once there cannot be. */
const mostBegun = 4

/** Puts the parts of one partition together again. */
export class PartJoiner {
  readonly #begun = new Map<string, Array<Buffer>>()

  /** The whole value when this was its last part; undefined otherwise, also for what began before we looked. */
  add(label: string, value: Buffer): Buffer | undefined {
    const [, part, parts, id] = shape.exec(label) ?? []
    if (id === undefined) return undefined
    let pieces = this.#begun.get(id)
    if (Number(part) === 0) {
      pieces = []
      this.#begun.set(id, pieces)
      const [oldest] = this.#begun.keys()
      if (this.#begun.size > mostBegun && oldest !== undefined) this.#begun.delete(oldest)
    }
    if (pieces === undefined || pieces.length !== Number(part)) return undefined
    pieces.push(value)
    if (pieces.length < Number(parts)) return undefined
    this.#begun.delete(id)
    return Buffer.concat(pieces)
  }
}
