import type { StoreKind } from "../../../src/domain/Job.ts"

const names: Readonly<Record<StoreKind, string>> = {
  redis: "Redis",
  kafka: "Kafka",
  memory: "memory",
  sqlite: "SQLite"
}

/** What a store is, as people call it. */
export const storeName = (kind: StoreKind | null | undefined): string => (kind ? names[kind] : "")
