import type { StoreKind } from "../../../src/domain/Job.ts"

const names: Readonly<Record<StoreKind, string>> = {
  redis: "Redis",
  kafka: "Kafka",
  memory: "in memory",
  sqlite: "SQLite"
}

/** What a store is, as people call it. */
export const storeName = (kind: StoreKind | undefined): string => (kind === undefined ? "" : names[kind])
