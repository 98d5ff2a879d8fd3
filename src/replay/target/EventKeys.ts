import { createHash } from "node:crypto"
import type { Change, Row } from "../../domain/Change.ts"
import { comparePosition, type Position } from "../../domain/Position.ts"
import { type Relation, tableName } from "../../domain/Relation.ts"
import type { Text } from "../../postgres/PgSession.ts"
import type { Statement } from "./Burst.ts"
import type { Sifted, Stretch } from "./Stretch.ts"
import { stringArray } from "./ValueText.ts"

/*
 * Marks of changes that were applied by themselves, in any order, where a job's interval cannot tell: one row per
 * change and row of a table that it touched. Kept for as long as intervals count.
 */

export const eventKeysScript = `
CREATE TABLE IF NOT EXISTS walstream.event_keys (
  source text NOT NULL,
  seq bigint NOT NULL,
  ordinal bigint NOT NULL,
  table_name text NOT NULL,
  key_hash text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (source, seq, ordinal, table_name, key_hash)
);
CREATE INDEX IF NOT EXISTS event_keys_by_row ON walstream.event_keys (source, table_name, key_hash, seq, ordinal);
CREATE INDEX IF NOT EXISTS event_keys_by_age ON walstream.event_keys (applied_at);
`.trim()

/** A row that a change touches: its table and a digest of its key's text; the digest is empty for the whole table. */
export interface EventKey {
  readonly table: string
  readonly hash: string
}

const hashOf = (relation: Relation, row: Row): string => {
  const digest = createHash("sha256")
  const hasKey = relation.columns.some(({ key }) => key)
  for (const [i, { key }] of relation.columns.entries()) {
    const cell = row[i]
    if (hasKey && !key) continue
    // Lengths keep neighbours apart, and a text apart from its absence.
    digest.update(typeof cell === "string" ? `${cell.length}:${cell}` : `-${String(cell)}`)
  }
  return digest.digest("hex").slice(0, 32)
}

/** An update that moves a row to another key touches two. */
export const keysOf = (change: Change): ReadonlyArray<EventKey> => {
  if (change.op === "message") return []
  if (change.op === "truncate")
    return change.relations.map((relation) => ({ table: tableName(relation), hash: "" }))
  const { relation } = change
  const table = tableName(relation)
  if (change.op === "insert") return [{ table, hash: hashOf(relation, change.after) }]
  if (change.op === "delete") return [{ table, hash: hashOf(relation, change.before) }]
  const after = hashOf(relation, change.after)
  const before = change.before === null ? after : hashOf(relation, change.before)
  const keys = [{ table, hash: before }]
  return before === after ? keys : [...keys, { table, hash: after }]
}

const live = "applied_at > now() - interval '7 days'"

const columnsOf = (keys: ReadonlyArray<EventKey>): readonly [Text, Text] => [
  stringArray(keys.map(({ table }) => table)),
  stringArray(keys.map(({ hash }) => hash))
]

/** Of a message, and of whatever else touches no row, the mark still needs one. */
const marked = (keys: ReadonlyArray<EventKey>): ReadonlyArray<EventKey> =>
  keys.length === 0 ? [{ table: "", hash: "" }] : keys

/** Marks a change; an older mark of the same that has expired is renewed. */
export const markStatement = (source: string, at: Position, keys: ReadonlyArray<EventKey>): Statement => ({
  sql: `INSERT INTO walstream.event_keys (source, seq, ordinal, table_name, key_hash)
SELECT $1, $2::bigint, $3::bigint, * FROM unnest($4::text[], $5::text[])
ON CONFLICT (source, seq, ordinal, table_name, key_hash) DO UPDATE SET applied_at = now()`,
  parameters: [source, String(at.seq), String(at.ordinal), ...columnsOf(marked(keys))],
  keep: true
})

/** Whether any mark of the source counts. */
export const anyKeysStatement = (source: string): Statement => ({
  sql: `SELECT EXISTS (SELECT FROM walstream.event_keys WHERE source = $1 AND ${live})::text`,
  parameters: [source],
  keep: true
})

/** Marks between two positions, and later ones of these rows or of their whole tables. */
export const findKeysStatement = (
  source: string,
  from: Position,
  until: Position,
  keys: ReadonlyArray<EventKey>
): Statement => ({
  sql: `SELECT seq, ordinal, table_name, key_hash FROM walstream.event_keys
WHERE source = $1 AND ${live} AND (seq, ordinal) >= ($2::bigint, $3::bigint)
AND ((seq, ordinal) <= ($4::bigint, $5::bigint)
  OR (table_name, key_hash) IN (SELECT * FROM unnest($6::text[], $7::text[]))
  OR (key_hash = '' AND table_name = ANY ($6::text[]))
  OR table_name IN (SELECT t FROM unnest($6::text[], $7::text[]) AS wanted (t, h) WHERE h = ''))`,
  parameters: [
    source,
    String(from.seq),
    String(from.ordinal),
    String(until.seq),
    String(until.ordinal),
    ...columnsOf(keys)
  ]
})

export const hasEventKeysSql = "SELECT (to_regclass('walstream.event_keys') IS NOT NULL)::text AS ok"

/** Removes marks that no longer count, `$1` at most. */
export const expireKeysSql = `WITH removed AS (DELETE FROM walstream.event_keys WHERE ctid = ANY (ARRAY(
SELECT ctid FROM walstream.event_keys WHERE NOT (${live}) LIMIT $1::int)) RETURNING 1)
SELECT count(*)::text AS removed FROM removed`

export interface Mark extends EventKey {
  readonly at: Position
}

export const readMarks = (rows: ReadonlyArray<ReadonlyArray<Text>>): ReadonlyArray<Mark> =>
  rows.map(([seq, ordinal, table, hash]) => ({
    at: { seq: Number(seq), ordinal: Number(ordinal) },
    table: table ?? "",
    hash: hash ?? ""
  }))

const touches = (mark: EventKey, key: EventKey): boolean =>
  mark.table === key.table && (mark.hash === key.hash || mark.hash === "" || key.hash === "")

export const judgeByMarks = (
  marks: ReadonlyArray<Mark>,
  at: Position,
  keys: ReadonlyArray<EventKey>
): "new" | "duplicate" | "older" => {
  if (marks.some((mark) => comparePosition(mark.at, at) === 0)) return "duplicate"
  const isOlder = marks.some(
    (mark) => comparePosition(mark.at, at) > 0 && keys.some((key) => touches(mark, key))
  )
  return isOlder ? "older" : "new"
}

/** Leaves out what is marked, and finds the first change that is older than a marked one of its row. */
export const siftByMarks = (stretches: ReadonlyArray<Stretch>, marks: ReadonlyArray<Mark>): Sifted => {
  const rest: Array<Stretch> = []
  let duplicates = 0
  for (const { seq, firstOrdinal, changes } of stretches) {
    let from = 0
    const close = (until: number): void => {
      if (until > from)
        rest.push({ seq, firstOrdinal: firstOrdinal + from, changes: changes.slice(from, until) })
      from = until + 1
    }
    for (const [i, change] of changes.entries()) {
      const at = { seq, ordinal: firstOrdinal + i }
      const verdict = judgeByMarks(marks, at, keysOf(change))
      if (verdict === "older") return { stretches: rest, duplicates, older: at }
      if (verdict === "new") continue
      duplicates++
      close(i)
    }
    close(changes.length)
  }
  return { stretches: rest, duplicates, older: null }
}
