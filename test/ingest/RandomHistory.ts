import { absent, type Cell, type Change, unchanged } from "../../src/domain/Change.ts"
import type { Lsn } from "../../src/domain/Lsn.ts"
import type { Micros } from "../../src/domain/Micros.ts"
import { makeRelation, type Relation } from "../../src/domain/Relation.ts"
import { Dice } from "../log/Dice.ts"

/** What happened at a source, in the order of its log. Ends name the transaction that they end. */
export type HistoryEvent =
  | { readonly _tag: "Change"; readonly xid: number; readonly subxid: number; readonly change: Change }
  /** A ROLLBACK TO: the innermost subtransaction first. */
  | { readonly _tag: "SubAbort"; readonly xid: number; readonly subxids: ReadonlyArray<number> }
  | { readonly _tag: "Abort"; readonly xid: number; readonly subxids: ReadonlyArray<number> }
  | ({ readonly _tag: "Commit" } & Ending)
  | { readonly _tag: "Message"; readonly lsn: Lsn; readonly prefix: string; readonly content: string }

interface Ending {
  readonly xid: number
  readonly commitLsn: Lsn
  readonly endLsn: Lsn
  readonly commitTime: Micros
  readonly origin: string | null
}

/** A committed transaction with the changes that survived: what an assembler must give. */
export interface ExpectedTransaction extends Ending {
  readonly changes: ReadonlyArray<Change>
}

export interface History {
  readonly events: ReadonlyArray<HistoryEvent>
  /** In commit order; the ones without changes are left out. */
  readonly expected: ReadonlyArray<ExpectedTransaction>
  readonly oidOf: (relation: Relation) => number
}

interface Table {
  relation: Relation
  /** Who has changed it and is still open: an ALTER must have it alone. */
  readonly users: Set<Open>
}

interface Level {
  readonly subxid: number
  /** Subtransactions that were released into it. */
  readonly released: Array<number>
}

interface Open {
  readonly xid: number
  readonly origin: string | null
  readonly levels: Array<Level>
  survivors: Array<{ readonly subxid: number; readonly change: Change }>
  alterations: Array<{ readonly subxid: number; readonly table: Table; readonly before: Relation }>
}

const words = [
  "",
  "a",
  "0",
  "é",
  "漢字😀",
  "plain ascii text",
  'quo"te\\',
  "\n\t",
  "x".repeat(200),
  "ü".repeat(100)
]

/** A random history of a few tables: interleaved transactions, subtransactions, ALTERs, messages. The same seed gives the same. */
export class RandomHistory implements History {
  readonly events: Array<HistoryEvent> = []
  readonly expected: Array<ExpectedTransaction> = []
  readonly #dice: Dice
  readonly #tables: ReadonlyArray<Table>
  readonly #open: Array<Open> = []
  #nextXid: number
  #nextLsn = 0x1_0000_0000n

  constructor(seed: number, steps: number) {
    this.#dice = new Dice(seed)
    // Some start just before the ids go round.
    this.#nextXid = this.#dice.oneIn(3) ? 0xffff_ffff - this.#dice.below(30) : 700
    this.#tables = (["default", "index", "full", "nothing"] as const).map((identity, i) => ({
      relation: makeRelation({
        schema: "public",
        name: `t${i}`,
        identity,
        columns: ["id", "b", "c"].map((name, place) => ({
          name,
          typeOid: place === 0 ? 20 : 25,
          typmod: -1,
          typeName: "",
          key: identity === "full" || (identity !== "nothing" && place === 0)
        }))
      }),
      users: new Set()
    }))
    for (let i = 0; i < steps; i++) this.#step()
    while (this.#open.length > 0) this.#end(this.#dice.pick(this.#open))
  }

  readonly oidOf = (relation: Relation): number => 0x8000_0000 + Number(relation.name.slice(1))

  #xid(): number {
    const xid = this.#nextXid
    this.#nextXid = xid === 0xffff_ffff ? 3 : xid + 1
    return xid
  }

  #lsn(bytes: number): Lsn {
    this.#nextLsn += BigInt(bytes)
    return this.#nextLsn
  }

  #step(): void {
    const dice = this.#dice
    if (this.#open.length < 5 && (this.#open.length === 0 || dice.oneIn(8))) {
      const xid = this.#xid()
      const origin = dice.oneIn(4) ? "elsewhere" : null
      this.#open.push({
        xid,
        origin,
        levels: [{ subxid: xid, released: [] }],
        survivors: [],
        alterations: []
      })
    }
    if (dice.oneIn(25)) {
      this.events.push({ _tag: "Message", lsn: this.#lsn(64), prefix: "now", content: "bm93" })
      return
    }
    const open = dice.pick(this.#open)
    if (dice.oneIn(12)) this.#end(open)
    else if (dice.oneIn(10)) open.levels.push({ subxid: this.#xid(), released: [] })
    else if (dice.oneIn(8)) this.#leave(open, dice.oneIn(2))
    else if (dice.oneIn(15)) this.#alter(open)
    else this.#change(open)
  }

  #change(open: Open): void {
    const dice = this.#dice
    const table = dice.pick(this.#tables)
    const alteredByOther = [...table.users].some(
      (user) => user !== open && user.alterations.some((alteration) => alteration.table === table)
    )
    if (alteredByOther) return
    const { relation } = table
    const cell = (key: boolean): Cell =>
      key ? String(dice.below(100)) : dice.oneIn(5) ? null : dice.pick(words)
    const row = () => relation.columns.map((column) => cell(column.key && relation.identity !== "full"))
    const key = () =>
      relation.columns.map((column) => (column.key ? cell(relation.identity !== "full") : absent))
    const after = () => row().map((value, i) => (i > 0 && dice.oneIn(6) ? unchanged : value))
    const kind = relation.identity === "nothing" ? 0 : dice.below(10)
    const change: Change =
      kind < 4
        ? { op: "insert", relation, after: row() }
        : kind < 7
          ? { op: "update", relation, before: dice.oneIn(2) ? key() : null, after: after() }
          : kind < 8
            ? { op: "delete", relation, before: key() }
            : kind < 9
              ? {
                  op: "truncate",
                  relations: [relation],
                  cascade: dice.oneIn(2),
                  restartIdentity: dice.oneIn(2)
                }
              : { op: "message", prefix: "tx", content: Buffer.from(dice.pick(words)).toString("base64") }
    table.users.add(open)
    const subxid = open.levels.at(-1)?.subxid ?? open.xid
    open.survivors.push({ subxid, change })
    this.events.push({ _tag: "Change", xid: open.xid, subxid, change })
  }

  #alter(open: Open): void {
    const table = this.#dice.pick(this.#tables)
    if ([...table.users].some((user) => user !== open)) return
    table.users.add(open)
    const subxid = open.levels.at(-1)?.subxid ?? open.xid
    open.alterations.push({ subxid, table, before: table.relation })
    const { columns, identity } = table.relation
    const name = `c${this.#nextLsn}`
    const added = { name, typeOid: 25, typmod: 4, typeName: "", key: identity === "full" }
    table.relation = makeRelation({ ...table.relation, columns: [...columns, added] })
  }

  /** The innermost savepoint is released into the one around it, or rolled back. */
  #leave(open: Open, release: boolean): void {
    if (open.levels.length < 2) return
    const level = open.levels.pop()
    if (level === undefined) return
    if (release) {
      open.levels.at(-1)?.released.push(...level.released, level.subxid)
      return
    }
    const subxids = [...level.released, level.subxid]
    this.#undo(open, (subxid) => subxids.includes(subxid))
    this.events.push({ _tag: "SubAbort", xid: open.xid, subxids })
  }

  #undo(open: Open, of: (subxid: number) => boolean): void {
    open.survivors = open.survivors.filter(({ subxid }) => !of(subxid))
    for (const alteration of open.alterations.toReversed()) {
      if (of(alteration.subxid)) alteration.table.relation = alteration.before
    }
    open.alterations = open.alterations.filter(({ subxid }) => !of(subxid))
  }

  #end(open: Open): void {
    this.#open.splice(this.#open.indexOf(open), 1)
    for (const table of this.#tables) table.users.delete(open)
    const { xid, origin } = open
    if (this.#dice.oneIn(4)) {
      this.#undo(open, () => true)
      const inner = open.levels.slice(1).toReversed()
      const subxids = [
        ...inner.flatMap((level) => [...level.released, level.subxid]),
        ...(open.levels[0]?.released ?? [])
      ]
      this.events.push({ _tag: "Abort", xid, subxids })
      return
    }
    const commitLsn = this.#lsn(256)
    const commitTime = 1_700_000_000_000_000 + this.#dice.below(1_000_000_000)
    const ending = { xid, commitLsn, endLsn: this.#lsn(48), commitTime, origin }
    this.events.push({ _tag: "Commit", ...ending })
    if (open.survivors.length > 0) {
      this.expected.push({ ...ending, changes: open.survivors.map(({ change }) => change) })
    }
  }
}
