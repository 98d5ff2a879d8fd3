import { assert, describe, it } from "@effect/vitest"
import type { Column } from "../../../src/domain/Relation.ts"
import { keyForm } from "../../../src/replay/target/KeyForm.ts"
import type { TargetColumn } from "../../../src/replay/target/TargetTable.ts"

const source = (typeOid: number): Column => ({ name: "k", typeOid, typmod: -1, typeName: "", key: true })
const target = (baseOid: number, more: Partial<TargetColumn> = {}): TargetColumn => ({
  name: "k",
  type: "t",
  baseOid,
  isEnum: false,
  arrays: true,
  generated: false,
  identityAlways: false,
  notNull: true,
  required: false,
  exact: true,
  equals: "=",
  ...more
})

const formed = (from: number, to: number, ...values: ReadonlyArray<string>) =>
  values.map((value) => keyForm(source(from), target(to))?.(value))

describe("keys compare as the target's type", () => {
  it("numeric without trailing zeros", () => {
    assert.deepStrictEqual(formed(1700, 1700, "1.00", "1", "100", "10.10", "0.0", "NaN"), [
      "1",
      "1",
      "100",
      "10.1",
      "0",
      "NaN"
    ])
  })
  it("floats without a negative zero", () => {
    assert.deepStrictEqual(formed(701, 701, "-0", "0", "-0.5"), ["0", "0", "-0.5"])
  })
  it("character(n) without blanks at the end", () => {
    assert.deepStrictEqual(formed(1042, 1042, "a  ", "a", " a"), ["a", "a", " a"])
  })
  it("integers and uuids of any source, as long as they are written as the target would", () => {
    assert.deepStrictEqual(formed(23, 20, "7"), ["7"])
    assert.deepStrictEqual(formed(25, 23, "7", "-12", "0", "07", "+7", "-0", " 7"), [
      "7",
      "-12",
      "0",
      null,
      null,
      null,
      null
    ])
    const uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert.deepStrictEqual(formed(25, 2950, uuid, uuid.toUpperCase()), [uuid, null])
  })
  it("leaves to the target what only it can compare", () => {
    for (const oid of [1186, 3802, 1007, 3904, 600]) assert.isUndefined(keyForm(source(oid), target(oid)))
    assert.isUndefined(keyForm(source(25), target(25, { exact: false })))
  })
})
