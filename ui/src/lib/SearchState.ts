import { useSearchParams } from "@solidjs/router"
import { Schema } from "effect"
import { type Accessor, createMemo } from "solid-js"

type Fields = Readonly<Record<string, Schema.Codec<unknown, string>>>
type Values<F extends Fields> = { readonly [K in keyof F]: F[K]["Type"] }
type Given = Readonly<Record<string, string | ReadonlyArray<string> | undefined>>

/** A parameter of the address: how it reads as text, and what holds without it. */
export interface SearchShape<F extends Fields> {
  readonly fields: F
  readonly defaults: Values<F>
}

/** Whatever somebody typed into the address: what cannot be read is as if it were not there. */
export const parseSearch = <F extends Fields>(
  { fields, defaults }: SearchShape<F>,
  given: Given
): Values<F> => {
  const entries = Object.entries(fields).map(([name, codec]) => {
    const raw = given[name]
    const read = Schema.decodeUnknownOption(codec)(typeof raw === "object" ? raw[0] : raw)
    return [name, read._tag === "Some" ? read.value : defaults[name]]
  })
  // One entry for each field, of its type.
  return Object.fromEntries(entries) as Values<F>
}

/** Undefined takes a parameter out of the address: what is at its default does not stand there. */
export const writeSearch = <F extends Fields>(
  { fields, defaults }: SearchShape<F>,
  values: Partial<Values<F>>
): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const codec = fields[name]
      const isPlain = codec === undefined || value === undefined || value === defaults[name]
      return [name, isPlain ? undefined : Schema.encodeUnknownSync(codec)(value)]
    })
  )

export interface SearchState<F extends Fields> {
  readonly value: Accessor<Values<F>>
  /** A filter replaces the entry in the history, opening something makes one (`push`). */
  readonly set: (values: Partial<Values<F>>, options?: { readonly push?: boolean }) => void
}

/** A page's state in its address: a reload or a link shows the same. */
export const createSearchState = <F extends Fields>(shape: SearchShape<F>): SearchState<F> => {
  const [params, setParams] = useSearchParams()
  const value = createMemo(() => {
    const given: Record<string, string | ReadonlyArray<string> | undefined> = {}
    for (const name of Object.keys(shape.fields)) given[name] = params[name]
    return parseSearch(shape, given)
  })
  return {
    value,
    set: (values, { push = false } = {}) =>
      setParams(writeSearch(shape, values), { replace: !push, scroll: false })
  }
}
