import type { Message, Truncate } from "../../domain/Change.ts"
import { tableName } from "../../domain/Relation.ts"

const none = '"key":null,"before":null,"after":null,"unchanged":[]'

/** Key and rest of the value, from its schema on, of a change that is none of a row: too rare for a faster way. */
export const otherRecord = (change: Message | Truncate): { readonly key: string; readonly rest: string } => {
  if (change.op === "message") {
    const message = JSON.stringify({ prefix: change.prefix, content: change.content })
    return {
      key: JSON.stringify(["message", change.prefix]),
      rest: `,"schema":null,"table":null,"operation":"message",${none},"message":${message}}`
    }
  }
  const [first] = change.relations
  const truncate = JSON.stringify({
    tables: change.relations.map(tableName),
    fingerprints: change.relations.map(({ fingerprint }) => fingerprint),
    cascade: change.cascade,
    restart_identity: change.restartIdentity
  })
  const [schema, table] = [JSON.stringify(first?.schema ?? null), JSON.stringify(first?.name ?? null)]
  return {
    key: '["truncate"]',
    rest: `,"schema":${schema},"table":${table},"operation":"truncate",${none},"truncate":${truncate}}`
  }
}
