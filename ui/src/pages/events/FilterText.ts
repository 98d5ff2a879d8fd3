/** What the server filters by, beside the operation. */
export interface TextFilter {
  readonly table: string
  readonly key: string
  readonly text: string
}

const named = /^(table|key):(.*)$/u

/** `table:orders key:5120 shipped`: what is named goes where it says, the rest is looked for everywhere. */
export const parseFilter = (typed: string): TextFilter => {
  const filter = { table: "", key: "", text: "" }
  const rest: Array<string> = []
  for (const word of typed.trim().split(/\s+/u)) {
    const match = named.exec(word)
    if (match === null) rest.push(word)
    else if (match[1] === "table") filter.table = match[2] ?? ""
    else filter.key = match[2] ?? ""
  }
  return { ...filter, text: rest.join(" ") }
}

export const writeFilter = ({ table, key, text }: TextFilter): string =>
  [table === "" ? "" : `table:${table}`, key === "" ? "" : `key:${key}`, text].filter(Boolean).join(" ")
