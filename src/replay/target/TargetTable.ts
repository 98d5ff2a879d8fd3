/** A column of a table at the target. */
export interface TargetColumn {
  readonly name: string
  /** Qualified where it is not built in, without a modifier: an explicit cast to varchar(3) would cut in silence. */
  readonly type: string
  /** The type's OID; for a domain its base type's. */
  readonly baseOid: number
  readonly isEnum: boolean
  /** Whether values can travel as elements of an array of the type itself (not arrays, which unnest would flatten). */
  readonly arrays: boolean
  /** Computed by the target: never written. */
  readonly generated: boolean
  /** GENERATED ALWAYS AS IDENTITY: an INSERT may override it, an UPDATE may not touch it. */
  readonly identityAlways: boolean
  readonly notNull: boolean
  /** A row cannot be inserted without a value for it. */
  readonly required: boolean
  /** Texts that differ by a byte are different values (false under a nondeterministic collation). */
  readonly exact: boolean
  /** The operator under which its values are equal; null for types that have none (json, xml, point). */
  readonly equals: string | null
}

/** A unique index without expressions or predicate whose columns are all NOT NULL: it names a row. */
export interface UniqueKey {
  readonly index: string
  readonly columns: ReadonlyArray<string>
}

/** A table at the target, as far as applying depends on it. */
export interface TargetTable {
  readonly schema: string
  readonly name: string
  readonly partitioned: boolean
  readonly columns: ReadonlyMap<string, TargetColumn>
  /** The primary key first. */
  readonly keys: ReadonlyArray<UniqueKey>
  /** Why a batch that touches it must be applied row by row; null when nobody can see the order. */
  readonly orderVisible: string | null
  /** Why it cannot be a target at all; null when it can. */
  readonly refused: string | null
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`

/** For TRUNCATE, INSERT and COPY. */
export const qualified = (table: Pick<TargetTable, "schema" | "name">): string =>
  `${quoteName(table.schema)}.${quoteName(table.name)}`

/** For everything that would also reach the rows of inheriting tables. */
export const only = (table: Pick<TargetTable, "schema" | "name" | "partitioned">): string =>
  table.partitioned ? qualified(table) : `ONLY ${qualified(table)}`
