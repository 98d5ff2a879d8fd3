import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { Clock, Context, Effect, Layer } from "effect"
import type { processRoles } from "./api/ProcessJson.ts"

export type ProcessRole = (typeof processRoles)[number]

/** Who a process is, from its start to its end. */
export interface ProcessIdentity {
  readonly id: string
  readonly role: ProcessRole
  readonly host: string
  readonly pid: number
  readonly version: string
  /** RFC 3339. */
  readonly startedAt: string
}

/** The process we are in. */
export class ThisProcess extends Context.Service<ThisProcess, ProcessIdentity>()(
  "walstream/control/ThisProcess"
) {
  static readonly layer = (role: ProcessRole, version: string): Layer.Layer<ThisProcess> =>
    Layer.effect(
      ThisProcess,
      Effect.map(Clock.currentTimeMillis, (now) => ({
        id: randomUUID(),
        role,
        host: hostname(),
        pid: process.pid,
        version,
        startedAt: new Date(now).toISOString()
      }))
    )
}
