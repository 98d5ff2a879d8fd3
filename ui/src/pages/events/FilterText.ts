/** What the server filters by, beside the operation. */
export interface TextFilter {
  readonly table: string
  readonly key: string
  readonly text: string
}

const named = /^(table|key):(.*)$/u
/** A word; between quotes it may have spaces. */
const words = /(?:[^\s"]|"[^"]*"?)+/gu
const quoted = /^"([^"]*)"?$/u

const unquote = (text: string): string => quoted.exec(text)?.[1] ?? text
const quote = (text: string): string => (/\s/u.test(text) && !text.includes('"') ? `"${text}"` : text)

/** `table:orders key:5120 shipped`, `table:"with spaces"`: what is named goes where it says, the rest is looked for everywhere. */
export const parseFilter = (typed: string): TextFilter => {
  const filter = { table: "", key: "", text: "" }
  const rest: Array<string> = []
  for (const word of typed.match(words) ?? []) {
    const match = named.exec(word)
    if (match === null) rest.push(word)
    else if (match[1] === "table") filter.table = unquote(match[2] ?? "")
    else filter.key = unquote(match[2] ?? "")
  }
  return { ...filter, text: rest.join(" ") }
}

export const writeFilter = ({ table, key, text }: TextFilter): string =>
  [table === "" ? "" : `table:${quote(table)}`, key === "" ? "" : `key:${quote(key)}`, text]
    .filter(Boolean)
    .join(" ")
