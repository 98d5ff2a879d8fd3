import { Effect, type Redacted } from "effect"
import { atTarget } from "./AtTarget.ts"
import { expiredJobsSql, forgetJobsSql, hasJobsSql } from "./Ledger.ts"
import { stringArray } from "./ValueText.ts"

const ledger = { applicationName: "walstream ledger", isThereSql: hasJobsSql }

/** `Targets.expiredJobs` of a PostgreSQL database. */
export const expiredJobs = (target: string, url: Redacted.Redacted, after: string, most: number) =>
  atTarget<ReadonlyArray<string>>({
    ...ledger,
    target,
    url,
    none: [],
    use: (session) =>
      Effect.map(session.query(expiredJobsSql, [after, String(most)]), (rows) =>
        rows.map((row) => row["job_id"] ?? "")
      )
  })

/** `Targets.forgetJobs` of a PostgreSQL database. */
export const forgetJobs = (target: string, url: Redacted.Redacted, jobIds: ReadonlyArray<string>) =>
  atTarget({
    ...ledger,
    target,
    url,
    none: 0,
    use: (session) =>
      Effect.map(session.query(forgetJobsSql, [stringArray(jobIds)]), ([row]) =>
        Number(row?.["removed"] ?? 0)
      )
  })
