import type { JobCounters } from "../domain/Job.ts"

export const noCounters: JobCounters = { processed: 0, duplicate: 0, converged: 0 }

export const addCounters = (a: JobCounters, b: JobCounters): JobCounters => ({
  processed: a.processed + b.processed,
  duplicate: a.duplicate + b.duplicate,
  converged: a.converged + b.converged
})
