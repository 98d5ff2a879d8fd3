import type { Change, Operation } from "../../domain/Change.ts"
import type { Position } from "../../domain/Position.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { ArchivedChunk } from "../../domain/Transaction.ts"
import type { Verdict } from "./Intervals.ts"

/** Changes of one transaction that follow each other. */
export interface Stretch {
  readonly seq: number
  readonly firstOrdinal: number
  readonly changes: ReadonlyArray<Change>
}

/** A change and where it stands. */
export interface Located {
  readonly change: Change
  readonly seq: number
  readonly ordinal: number
}

export const endOf = ({ seq, firstOrdinal, changes }: Stretch): Position => ({
  seq,
  ordinal: firstOrdinal + changes.length - 1
})

export const countChanges = (stretches: ReadonlyArray<Stretch>): number =>
  stretches.reduce((sum, { changes }) => sum + changes.length, 0)

export const locate = (stretches: ReadonlyArray<Stretch>): ReadonlyArray<Located> =>
  stretches.flatMap(({ seq, firstOrdinal, changes }) =>
    changes.map((change, i) => ({ change, seq, ordinal: firstOrdinal + i }))
  )

/** The relations of these changes, each shape once. */
export const relationsOf = (stretches: ReadonlyArray<Stretch>): ReadonlyArray<Relation> => {
  const found = new Map<string, Relation>()
  let last: Relation | undefined
  const see = (relation: Relation): void => {
    if (relation === last) return
    last = relation
    found.set(relation.fingerprint, relation)
  }
  for (const { changes } of stretches) {
    for (const change of changes) {
      if (change.op === "truncate") for (const relation of change.relations) see(relation)
      else if (change.op !== "message") see(change.relation)
    }
  }
  return [...found.values()]
}

/** The tables that a change is about: none for a message. */
export const tablesOf = (change: Change): ReadonlyArray<string> => {
  if (change.op === "message") return []
  return change.op === "truncate" ? change.relations.map(tableName) : [tableName(change.relation)]
}

/** What the target has of each table: asked once for every change. */
export type Judge = (table: string | null, operation: Operation, at: Position) => Verdict

/** What of a change is new; null when it is older than what was applied. */
const newPart = (change: Change, at: Position, judge: Judge): Change | "duplicate" | null => {
  if (change.op === "truncate") {
    const verdicts = change.relations.map((relation) => judge(tableName(relation), change.op, at))
    if (verdicts.includes("older")) return null
    const relations = change.relations.filter((_, i) => verdicts[i] === "new")
    return relations.length === 0 ? "duplicate" : { ...change, relations }
  }
  const verdict = judge(change.op === "message" ? null : tableName(change.relation), change.op, at)
  if (verdict === "older") return null
  return verdict === "new" ? change : "duplicate"
}

export interface Sifted {
  readonly stretches: ReadonlyArray<Stretch>
  readonly duplicates: number
  /** The first change that is older than what was applied to its table. */
  readonly older: Position | null
}

/** Leaves out what the target has. */
export const sift = (chunks: ReadonlyArray<ArchivedChunk>, judge: Judge): Sifted => {
  const stretches: Array<Stretch> = []
  let duplicates = 0
  for (const { seq, firstOrdinal, changes } of chunks) {
    let run: Array<Change> = []
    const close = (until: number): void => {
      if (run.length > 0)
        stretches.push({ seq, firstOrdinal: firstOrdinal + until - run.length, changes: run })
      run = []
    }
    for (const [i, change] of changes.entries()) {
      const at = { seq, ordinal: firstOrdinal + i }
      const part = newPart(change, at, judge)
      if (part === null) return { stretches, duplicates, older: at }
      if (part !== "duplicate") run.push(part)
      else {
        duplicates++
        close(i)
      }
    }
    close(changes.length)
  }
  return { stretches, duplicates, older: null }
}
