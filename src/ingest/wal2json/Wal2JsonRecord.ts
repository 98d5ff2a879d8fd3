import { constants, isUtf8 } from "node:buffer"
import type { Cell } from "../../domain/Change.ts"
import { type Lsn, parseLsn } from "../../domain/Lsn.ts"
import type { Micros } from "../../domain/Micros.ts"
import { DecodeError } from "../DecodeError.ts"

/** A column as a record shows it: `cell` is null where only the name is told (`pk`). */
export interface WireColumn {
  readonly name: string
  readonly typeOid: number
  readonly typeName: string
  readonly cell: Cell
}

const bytea = 17

/**
 * Numbers of any size must stay text: JSON.parse would round them. They are put in quotes first, which is sound:
 * inside a JSON string every quote has a backslash before it, so `,"value":` can only be a key.
 */
const numbers = /,"value":(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?=[,}])/gu

/** For types whose name starts with a quoted identifier the plugin forgets JSON's own quotes and escapes. */
const typeNames = /,"type":(.*?),"typeoid":(?=-?\d+[,}])/gu

const timestamp =
  /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/u

const parseTimestamp = (text: string): Micros | undefined => {
  const match = timestamp.exec(text)
  if (match === null) return undefined
  const at = (group: number): number => Number(match[group] ?? 0)
  const zone = (at(9) * 3600 + at(10) * 60 + at(11)) * (match[8] === "-" ? -1 : 1)
  const millis = Date.UTC(at(1), at(2) - 1, at(3), at(4), at(5), at(6)) - zone * 1000
  return millis * 1000 + Number((match[7] ?? "").padEnd(6, "0"))
}

const parse = (text: string): unknown => JSON.parse(text.replace(numbers, ',"value":"$1"'))

const repair = (text: string): string =>
  text.replace(typeNames, (found, name: string) => {
    try {
      JSON.parse(name)
      return found
    } catch {
      return `,"type":${JSON.stringify(name)},"typeoid":`
    }
  })

/** One line of wal2json's format version 2. Every reader of a field fails with a DecodeError when it is not as it must be. */
export class Wal2JsonRecord {
  readonly #fields: Readonly<Record<string, unknown>>
  readonly action: string
  /** On the wire. */
  readonly bytes: number

  constructor(message: Buffer) {
    this.action = "Record"
    this.bytes = message.length
    // The plugin writes the database's own encoding, whatever the client asks for.
    if (!isUtf8(message)) this.fail("text that is not UTF-8: the database must have that encoding")
    if (message.length > constants.MAX_STRING_LENGTH)
      this.fail(`${message.length} bytes are too many for a text`)
    const parsed = this.#parse(message.toString("utf8"))
    if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) this.fail("no JSON object")
    // Any object is a record of unknown fields.
    this.#fields = parsed as Readonly<Record<string, unknown>>
    this.action = this.text("action")
  }

  fail(detail: string, offset = 0): never {
    throw new DecodeError({ plugin: "wal2json", kind: this.action, offset, detail })
  }

  #parse(text: string): unknown {
    try {
      return parse(text)
    } catch {
      try {
        return parse(repair(text))
      } catch (cause) {
        // The parser's own message quotes the text.
        const place = cause instanceof Error ? /position (\d+)/u.exec(cause.message) : null
        return this.fail("no JSON", Number(place?.[1] ?? 0))
      }
    }
  }

  text(field: string): string {
    const value = this.#fields[field]
    return typeof value === "string" ? value : this.fail(`${field} must be a text`)
  }

  boolean(field: string): boolean {
    const value = this.#fields[field]
    return typeof value === "boolean" ? value : this.fail(`${field} must be true or false`)
  }

  /** A 32-bit unsigned number. */
  uint32(field: string): number {
    const value = this.#fields[field]
    return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
      ? value
      : this.fail(`${field} must be a 32-bit number: is the option that includes it on?`)
  }

  lsn(field: string): Lsn {
    return parseLsn(this.text(field)) ?? this.fail(`${field} must be an LSN`)
  }

  micros(field: string): Micros {
    return parseTimestamp(this.text(field)) ?? this.fail(`${field} must be an ISO timestamp with a zone`)
  }

  has(field: string): boolean {
    return this.#fields[field] !== undefined
  }

  /** A list of columns with their values. */
  columns(field: string): ReadonlyArray<WireColumn> {
    return this.#list(field).map((entry) => {
      const { name, type, typeoid, value } = entry
      if (typeof name !== "string" || typeof type !== "string")
        this.fail(`${field} must have names and types`)
      if (typeof typeoid !== "number" || !Number.isInteger(typeoid)) this.fail(`${field} must have type oids`)
      // Written as a signed number.
      return { name, typeOid: typeoid >>> 0, typeName: type, cell: this.#cell(field, typeoid, value) }
    })
  }

  /** The names in a list of columns. */
  names(field: string): ReadonlyArray<string> {
    return this.#list(field).map(({ name }) =>
      typeof name === "string" ? name : this.fail(`${field} must have names`)
    )
  }

  #list(field: string): ReadonlyArray<Readonly<Record<string, unknown>>> {
    const value = this.#fields[field]
    if (!Array.isArray(value)) return this.fail(`${field} must be a list`)
    for (const entry of value)
      if (typeof entry !== "object" || entry === null) this.fail(`${field} must hold objects`)
    // Each was just checked to be one.
    return value as ReadonlyArray<Readonly<Record<string, unknown>>>
  }

  #cell(field: string, typeOid: number, value: unknown): Cell {
    if (value === null) return null
    if (typeof value === "boolean") return value ? "t" : "f"
    if (typeof value !== "string") return this.fail(`${field} holds a value of no known kind`)
    if (typeOid !== bytea) return value
    // Its first two characters are cut off, which is harmless in the hex format only.
    return /^(?:[0-9a-f]{2})*$/u.test(value)
      ? `\\x${value}`
      : this.fail("bytea that is not hex: the session must set bytea_output")
  }
}
