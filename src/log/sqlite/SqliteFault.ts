import type { LogErrorReason } from "../LogError.ts"

/** Thrown in the threads, where there is no Effect. Carried over as its reason. */
export class SqliteFault extends Error {
  readonly reason: LogErrorReason
  constructor(reason: LogErrorReason) {
    super(reason._tag)
    this.reason = reason
  }
}

export const corrupt = (detail: string): SqliteFault => new SqliteFault({ _tag: "Corrupt", detail })

/** Primary result codes of SQLite, https://www.sqlite.org/rescode.html */
const codes = { busy: 5, locked: 6, corrupt: 11, full: 13, notADatabase: 26 }

const errcodeOf = (thrown: unknown): number | undefined =>
  thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number"
    ? thrown.errcode & 0xff
    : undefined

/** What went wrong in words an operator understands. SQLite's own messages name no values. */
export const reasonOf = (thrown: unknown, file: string): LogErrorReason => {
  if (thrown instanceof SqliteFault) return thrown.reason
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  switch (errcodeOf(thrown)) {
    case codes.full:
      return { _tag: "Full", detail: `${file}: ${said}`, fix: "make room on its disk" }
    case codes.corrupt:
    case codes.notADatabase:
      return { _tag: "Corrupt", detail: `${file}: ${said}` }
    case codes.busy:
    case codes.locked:
      return {
        _tag: "Unavailable",
        detail: `${file} is used by another process: stop it, or set another DATA_DIR`
      }
    default:
      return { _tag: "Unavailable", detail: `${file}: ${said}` }
  }
}
