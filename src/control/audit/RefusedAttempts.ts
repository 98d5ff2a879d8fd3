import { Clock, Context, Effect, Layer } from "effect"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { spawnKept } from "../../runtime/KeptActor.ts"
import { addressKey } from "../limits/RateLimits.ts"
import type { NewEntry } from "./AuditEntry.ts"
import { AuditLog } from "./AuditLog.ts"

/** Kinds of attempts that are told apart at a time. What comes beyond is counted by user, action and status alone. */
const most = 500
/** The same again is one line a minute, which says how often. */
const quietMillis = 60_000
const every = "1 second"

interface Held {
  entry: NewEntry
  /** Since it was last written. */
  repeats: number
  /** Not written before: milliseconds since 1970. */
  dueAt: number
}

const keyOf = (entry: NewEntry): string =>
  JSON.stringify([
    entry.door,
    entry.action,
    entry.status,
    entry.problem,
    entry.actor?.id ?? null,
    entry.target ?? entry.claimed,
    addressKey(entry.address)
  ])

/** Whatever it was about, wherever from. Users are no more than there are; of the rest anybody makes as many as he likes. */
const ofMany = (entry: NewEntry): NewEntry => ({
  ...entry,
  target: null,
  claimed: null,
  address: "",
  requestId: ""
})

/**
 * What was tried and did not come about. Written a second later and together, so that a flood of it is not a flood of the
 * control database: the same again is counted, memory is bounded, and so are the lines a minute.
 */
export class RefusedAttempts extends Context.Service<
  RefusedAttempts,
  {
    readonly note: (entry: NewEntry) => Effect.Effect<void>
    /** Writes what is due. */
    readonly flush: Effect.Effect<void>
  }
>()("walstream/control/audit/RefusedAttempts") {
  static readonly layer: Layer.Layer<RefusedAttempts, never, AuditLog | ActorSystem> = Layer.effect(
    RefusedAttempts,
    Effect.gen(function* () {
      const log = yield* AuditLog
      const held = new Map<string, Held>()
      let isAway = false

      const write = Effect.fnUntraced(function* (isLast: boolean) {
        const now = yield* Clock.currentTimeMillis
        const due: Array<Held> = []
        for (const [key, each] of held) {
          if (each.repeats === 0 && each.dueAt <= now) held.delete(key)
          else if (each.repeats > 0 && (isLast || each.dueAt <= now)) due.push(each)
        }
        // What is counted while they are written belongs to the next time.
        const entries = due.map(({ entry, repeats }) => ({ ...entry, repeats }))
        yield* log.append(entries)
        for (const [i, each] of due.entries()) {
          each.repeats -= entries[i]?.repeats ?? 0
          each.dueAt = now + quietMillis
        }
        if (isAway) yield* Effect.logInfo("the audit log is written again")
        isAway = false
      })

      const count = () => [...held.values()].reduce((sum, { repeats }) => sum + repeats, 0)
      const flush = Effect.catch(write(false), (error) => {
        const isNews = !isAway
        isAway = true
        return isNews
          ? Effect.logWarning(`${error.message}: refused attempts wait, up to ${most} kinds of them`)
          : Effect.void
      })

      yield* Effect.addFinalizer(() =>
        write(true).pipe(
          Effect.timeout("2 seconds"),
          Effect.catch((error) =>
            Effect.logWarning(`${count()} refused attempts are not on record: ${error.message}`)
          )
        )
      )
      yield* spawnKept({
        group: "audit",
        name: "refused-attempts",
        run: Effect.forever(Effect.andThen(Effect.sleep(every), flush))
      })

      return RefusedAttempts.of({
        flush,
        note: (given) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const isOwn = held.has(keyOf(given)) || held.size < most
            const entry = isOwn ? given : ofMany(given)
            const key = keyOf(entry)
            const known = held.get(key)
            if (known === undefined) held.set(key, { entry, repeats: 1, dueAt: now })
            else {
              // The line names the newest of them.
              known.entry = entry
              known.repeats += 1
            }
          })
      })
    })
  )
}
