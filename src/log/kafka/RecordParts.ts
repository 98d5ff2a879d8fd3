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

/** A record that came in parts. */
interface Joined {
  /** Of the first part. */
  readonly offset: number
  readonly value: Buffer
}

interface Begun {
  readonly offset: number
  readonly pieces: Array<Buffer>
}

/** Puts the parts of one partition together again. */
export class PartJoiner {
  readonly #begun = new Map<string, Begun>()

  /** The whole value when this was its last part; undefined otherwise, also for what began before we looked. */
  add(label: string, value: Buffer, offset: number): Joined | undefined {
    const [, part, parts, id] = shape.exec(label) ?? []
    if (id === undefined) return undefined
    let begun = this.#begun.get(id)
    if (Number(part) === 0) {
      begun = { offset, pieces: [] }
      this.#begun.set(id, begun)
      const [oldest] = this.#begun.keys()
      if (this.#begun.size > mostBegun && oldest !== undefined) this.#begun.delete(oldest)
    }
    if (begun === undefined || begun.pieces.length !== Number(part)) return undefined
    begun.pieces.push(value)
    if (begun.pieces.length < Number(parts)) return undefined
    this.#begun.delete(id)
    return { offset: begun.offset, value: Buffer.concat(begun.pieces) }
  }

  /** Where the first record begins that is not whole; infinity when all are. */
  get begunAt(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { offset } of this.#begun.values()) first = Math.min(first, offset)
    return first
  }
}
