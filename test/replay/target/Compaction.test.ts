import { assert, describe, it } from "@effect/vitest"
import { absent, type Cell, type Change, type Row, unchanged } from "../../../src/domain/Change.ts"
import { makeRelation, type Relation, type ReplicaIdentity } from "../../../src/domain/Relation.ts"
import { compact, type Plan } from "../../../src/replay/target/Compaction.ts"
import { type Fit, fitRelation, isMisfit } from "../../../src/replay/target/Fit.ts"
import type { TargetColumn, TargetTable } from "../../../src/replay/target/TargetTable.ts"
import { Dice } from "../../log/Dice.ts"

const column = (name: string, type: string, baseOid: number, notNull: boolean): TargetColumn => ({
  name,
  type,
  baseOid,
  isEnum: false,
  arrays: true,
  generated: false,
  identityAlways: false,
  notNull,
  required: false,
  exact: true,
  equals: "="
})

const relation = (identity: ReplicaIdentity, name = "t", extra = false): Relation =>
  makeRelation({
    schema: "public",
    name,
    identity,
    columns: [
      { name: "a", typeOid: 1700, typmod: -1, typeName: "", key: true },
      { name: "b", typeOid: 25, typmod: -1, typeName: "", key: true },
      { name: "v", typeOid: 25, typmod: -1, typeName: "", key: identity === "full" },
      { name: "big", typeOid: 25, typmod: -1, typeName: "", key: identity === "full" },
      ...(extra ? [{ name: "x", typeOid: 25, typmod: -1, typeName: "", key: identity === "full" }] : [])
    ]
  })

const target = (own: boolean, changes: Partial<TargetTable> = {}): TargetTable => ({
  schema: "public",
  name: "t",
  partitioned: false,
  columns: new Map(
    [
      column("a", "numeric", 1700, true),
      column("b", "text", 25, true),
      column("v", "text", 25, false),
      column("big", "text", 25, false),
      column("x", "text", 25, false),
      ...(own ? [column("own", "text", 25, false)] : [])
    ].map((one) => [one.name, one])
  ),
  keys: [{ index: "t_pkey", columns: ["a", "b"] }],
  orderVisible: null,
  refused: null,
  ...changes
})

const fitter =
  (own: boolean) =>
  (shape: Relation): Fit => {
    const fit = fitRelation(shape, target(own))
    if (isMisfit(fit)) throw new Error(fit.detail)
    return fit
  }

/** A row by column name; `own` is what only the target has. */
type Held = Readonly<Record<string, Cell>>
/** A table as a naive applier would keep it, by the numeric value of `a` and the text of `b`. */
type Table = Map<string, Held>

const keyOf = (row: Row): string => `${Number(row[0])}|${String(row[1])}`

const named = (shape: Relation, row: Row, onto: Held): Held => {
  const held: Record<string, Cell> = { ...onto }
  for (const [i, { name }] of shape.columns.entries()) {
    const cell = row[i]
    if (cell !== unchanged && cell !== absent && cell !== undefined) held[name] = cell
  }
  return held
}

const fresh: Held = { own: "default" }

/** Row by row, as PostgreSQL would. */
const applyNaively = (table: Table, change: Change): void => {
  switch (change.op) {
    case "insert":
      table.set(keyOf(change.after), named(change.relation, change.after, fresh))
      return
    case "delete":
      table.delete(keyOf(change.before))
      return
    case "truncate":
      table.clear()
      return
    case "update": {
      const before = change.before ?? change.after
      const held = table.get(keyOf(before))
      assert.isDefined(held, "the history is consistent")
      table.delete(keyOf(before))
      const after = named(change.relation, change.after, held ?? fresh)
      table.set(`${Number(after["a"])}|${String(after["b"])}`, after)
    }
  }
}

/** The plan as its statements would run: deletes, updates, inserts. */
const applyPlan = (table: Table, plan: Plan): void => {
  for (const step of plan.steps) {
    if (step.kind === "truncate") table.clear()
    else if (step.kind === "single") applyNaively(table, step.change)
    else {
      for (const { fit, nets } of step.tables) {
        const all = [...nets.values()]
        for (const { reset, existed, key } of all) {
          if (reset) assert.strictEqual(table.delete(keyOf(key)), existed, "a delete finds its row")
        }
        for (const { reset, existed, row } of all) {
          if (row === null || reset || !existed) continue
          const held = table.get(keyOf(row))
          assert.isDefined(held, "an update finds its row")
          table.set(keyOf(row), named(fit.relation, row, held ?? fresh))
        }
        for (const { reset, existed, row } of all) {
          if (row === null || (existed && !reset)) continue
          assert.isFalse(table.has(keyOf(row)), "an insert finds no row")
          assert.notInclude(row, unchanged, "an insert knows every column")
          table.set(keyOf(row), named(fit.relation, row, fresh))
        }
      }
    }
  }
}

/** A consistent history of one table, as pgoutput tells it. */
const randomHistory = (dice: Dice, size: number, identity: ReplicaIdentity): ReadonlyArray<Change> => {
  const rows = new Map<string, ReadonlyArray<string | null>>()
  const changes: Array<Change> = []
  let shape = relation(identity)
  const text = () => (dice.oneIn(5) ? null : `t${dice.below(100)}`)
  const newKey = () => [dice.pick(["1", "1.0", "1.00", "2", "2.50", "2.5", "3"]), dice.pick(["", "x", "y"])]
  const keyed = (row: Row): Row => (identity === "full" ? row : row.map((cell, i) => (i < 2 ? cell : absent)))
  while (changes.length < size) {
    if (dice.oneIn(60)) {
      changes.push({ op: "truncate", relations: [shape], cascade: false, restartIdentity: false })
      rows.clear()
      continue
    }
    if (dice.oneIn(60)) {
      shape = relation(identity, "t", shape.columns.length === 4)
      for (const [key, row] of rows) {
        rows.set(key, shape.columns.length === 5 ? [...row.slice(0, 4), null] : row.slice(0, 4))
      }
      continue
    }
    const key = newKey()
    const known = rows.get(keyOf(key))
    if (known === undefined) {
      const row = [...key, ...shape.columns.slice(2).map(text)]
      rows.set(keyOf(row), row)
      changes.push({ op: "insert", relation: shape, after: row })
    } else if (dice.oneIn(3)) {
      rows.delete(keyOf(known))
      changes.push({ op: "delete", relation: shape, before: keyed(known) })
    } else {
      const moved = dice.oneIn(3) ? newKey() : known.slice(0, 2)
      const taken = rows.get(keyOf(moved))
      const next = taken !== undefined && taken !== known ? known.slice(0, 2) : moved
      const sameText = next[0] === known[0] && next[1] === known[1]
      const touched = dice.oneIn(2)
      const row = [...next, text(), touched ? text() : (known[3] ?? null), ...known.slice(4)]
      rows.delete(keyOf(known))
      rows.set(keyOf(row), row)
      changes.push({
        op: "update",
        relation: shape,
        before: sameText && identity !== "full" ? null : keyed(known),
        after: row.map((cell, i) => (i === 3 && !touched && cell !== null ? unchanged : cell))
      })
    }
  }
  return changes
}

describe("the net effect of a batch", () => {
  for (const own of [false, true]) {
    for (const identity of ["default", "full"] as const) {
      it(`is that of its changes one by one (identity ${identity}${own ? ", target has columns of its own" : ""})`, () => {
        for (let seed = 1; seed <= 300; seed++) {
          const dice = new Dice(seed)
          const history = randomHistory(dice, 60, identity)
          const naive: Table = new Map()
          const planned: Table = new Map()
          for (let at = 0; at < history.length; ) {
            const batch = history.slice(at, at + 1 + dice.below(25))
            at += batch.length
            for (const change of batch) applyNaively(naive, change)
            const plan = compact([{ changes: batch }], fitter(own))
            assert.isNotNull(plan, `seed ${seed}`)
            if (plan === null) return
            assert.strictEqual(plan.converged, 0, `seed ${seed}`)
            applyPlan(planned, plan)
            assert.deepStrictEqual(
              [...planned].sort(([a], [b]) => (a < b ? -1 : 1)),
              [...naive].sort(([a], [b]) => (a < b ? -1 : 1)),
              `seed ${seed}`
            )
          }
        }
      })
    }
  }

  const shape = relation("default")
  const fitOf = fitter(false)
  const row = (a: string, v: Cell, big: Cell = "g"): Row => [a, "x", v, big]
  const insert = (after: Row): Change => ({ op: "insert", relation: shape, after })
  const update = (after: Row): Change => ({ op: "update", relation: shape, before: null, after })
  const remove = (a: string): Change => ({ op: "delete", relation: shape, before: [a, "x", absent, absent] })
  const netOf = (changes: ReadonlyArray<Change>) => {
    const step = compact([{ changes }], fitOf)?.steps[0]
    return step?.kind === "net" ? [...(step.tables[0]?.nets.values() ?? [])] : []
  }

  it("takes 1.0 and 1.00 for one key", () => {
    assert.deepStrictEqual(netOf([insert(row("1.0", "a")), update(row("1.00", "b"))]).length, 1)
  })

  it("keeps an unchanged value that the batch has seen, and leaves out one that it has not", () => {
    const [seen] = netOf([
      insert(row("1", "a", "g")),
      update(row("1", "b", unchanged)),
      update(row("1", "c", unchanged))
    ])
    assert.deepStrictEqual(seen?.row, row("1", "c", "g"))
    const [unseen] = netOf([update(row("1", "b", unchanged)), update(row("1", "c", unchanged))])
    assert.deepStrictEqual(unseen?.row, row("1", "c", unchanged))
    const [later] = netOf([update(row("1", "b", "new")), update(row("1", "c", unchanged))])
    assert.deepStrictEqual(later?.row, row("1", "c", "new"))
  })

  it("leaves a deleted and inserted row a delete and an insert", () => {
    const [net] = netOf([remove("1"), insert(row("1", "a"))])
    assert.deepInclude(net, { existed: true, reset: true, row: row("1", "a") })
  })

  it("still deletes a row that came and went, in case it was there", () => {
    const [net] = netOf([insert(row("1", "a")), remove("1")])
    assert.deepInclude(net, { existed: false, reset: true, row: null })
  })

  it("counts changes that contradict each other", () => {
    assert.strictEqual(
      compact([{ changes: [insert(row("1", "a")), insert(row("1", "b"))] }], fitOf)?.converged,
      1
    )
    assert.strictEqual(compact([{ changes: [remove("1"), remove("1")] }], fitOf)?.converged, 1)
    assert.strictEqual(compact([{ changes: [remove("1"), update(row("1", "b"))] }], fitOf)?.converged, 1)
    assert.isNull(compact([{ changes: [remove("1"), update(row("1", "b", unchanged))] }], fitOf))
  })

  it("gives up where order is visible or keys cannot be compared", () => {
    const visible = (shapeOf: Relation) => {
      const fit = fitRelation(shapeOf, target(false, { orderVisible: "its triggers fire" }))
      if (isMisfit(fit)) throw new Error(fit.detail)
      return fit
    }
    assert.isNull(compact([{ changes: [insert(row("1", "a"))] }], visible))
    const keyless = (shapeOf: Relation) => {
      const fit = fitRelation(shapeOf, target(false, { keys: [] }))
      if (isMisfit(fit)) throw new Error(fit.detail)
      return fit
    }
    assert.isNull(compact([{ changes: [remove("1")] }], keyless))
    // Rows that nothing names can still be added.
    assert.isNotNull(compact([{ changes: [insert(row("1", "a")), insert(row("1", "a"))] }], keyless))
  })
})
