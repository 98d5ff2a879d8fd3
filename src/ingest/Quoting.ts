/** A name in SQL. */
export const quoteIdent = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** A text in SQL, whatever standard_conforming_strings is. */
export const quoteLiteral = (text: string): string =>
  text.includes("\\")
    ? ` E'${text.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
    : `'${text.replaceAll("'", "''")}'`

/** A table in SQL. */
export const quoteTable = (table: { readonly schema: string; readonly name: string }): string =>
  `${quoteIdent(table.schema)}.${quoteIdent(table.name)}`
