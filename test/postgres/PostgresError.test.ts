import { assert, describe, it } from "@effect/vitest"
import { PostgresError } from "../../src/postgres/PostgresError.ts"

const secret = "a value of a row"

describe("an error of PostgreSQL", () => {
  it("quotes the server where its message names objects only", () => {
    const missing = { code: "42P01", message: 'relation "public.t" does not exist' }
    assert.strictEqual(PostgresError.from(missing).message, 'relation "public.t" does not exist (42P01)')
    const full = { code: "53100", message: "could not extend file", where: "COPY t, line 1" }
    assert.strictEqual(PostgresError.from(full).message, "could not extend file (53100)")
    assert.strictEqual(
      PostgresError.from({ code: "ECONNRESET", message: "read ECONNRESET" }).code,
      "ECONNRESET"
    )
  })

  it("does not where it may be about a value", () => {
    for (const wire of [
      { code: "22P02", message: `invalid input syntax for type integer: "${secret}"` },
      { code: "23505", message: "duplicate key", detail: `Key (a)=(${secret}) already exists.` },
      { code: "P0001", message: secret },
      // What a function makes up may be of any class, and name an object after a value.
      {
        code: "42P01",
        message: `relation "${secret}" does not exist`,
        where: "PL/pgSQL function f() line 1"
      },
      { code: "40001", message: secret, where: "PL/pgSQL-Funktion f() Zeile 1\nCOPY t, Zeile 1" }
    ]) {
      const { message, detail } = PostgresError.from(wire)
      assert.notInclude(message + detail, secret)
      assert.include(message, wire.code)
    }
  })

  it("says which objects it is about", () => {
    const { message } = PostgresError.from({
      code: "23514",
      message: secret,
      schema: "public",
      table: "t",
      constraint: "positive"
    })
    assert.strictEqual(message, "the server refused it: constraint positive, table public.t (23514)")
  })
})
