import { Effect, type Redacted } from "effect"
import { connectPg } from "../../src/postgres/PgSession.ts"

/**
 * Formats that change what a value looks like, or what it means when read back. Each is legal as the default of a
 * database or a role, and each reaches the output of a logical slot unless the session says otherwise.
 */
const hostile: Readonly<Record<string, string>> = {
  DateStyle: "'SQL, DMY'",
  IntervalStyle: "'sql_standard'",
  bytea_output: "'escape'",
  extra_float_digits: "-15",
  TimeZone: "'Asia/Kathmandu'",
  search_path: "fidelity, public",
  xmloption: "'document'",
  quote_all_identifiers: "on",
  array_nulls: "off",
  standard_conforming_strings: "off",
  escape_string_warning: "off",
  backslash_quote: "on",
  transform_null_equals: "on",
  default_transaction_isolation: "'serializable'",
  default_transaction_deferrable: "on"
}

/** A locale with commas and points the other way round, where the machine has one. */
const monetary = ["de_DE.utf8", "de_DE.UTF-8", "fr_FR.utf8"]

/** Sets them as defaults of the database and of the role in it. Later sessions start with them. */
export const makeHostile = (url: Redacted.Redacted, database: string) =>
  Effect.gen(function* () {
    const session = yield* connectPg({ url, applicationName: "test" })
    for (const subject of [`DATABASE "${database}"`, `ROLE postgres IN DATABASE "${database}"`]) {
      for (const [name, value] of Object.entries(hostile)) {
        // The server warns of some that version 19 will drop, and takes them.
        yield* session.script(`ALTER ${subject} SET ${name} TO ${value}`)
      }
      yield* Effect.firstSuccessOf([
        ...monetary.map((locale) => session.script(`ALTER ${subject} SET lc_monetary TO '${locale}'`)),
        Effect.void
      ])
    }
  }).pipe(Effect.scoped)
