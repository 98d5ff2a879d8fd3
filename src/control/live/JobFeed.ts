import { Context, Effect, Layer, Schedule, type Scope, Stream } from "effect"
import type { Job } from "../../domain/Job.ts"
import { JobStore } from "../../replay/JobStore.ts"
import type { ActorSystem } from "../../runtime/ActorSystem.ts"
import { JobViews } from "../JobViews.ts"
import { makeWatched } from "./Watched.ts"

/** The newest jobs: those that are looked at each second, whatever is heard of them. */
const newest = 200

/** What one client has not been sent of the jobs yet: of each the newest state. Plain state. */
export class JobSubscription {
  readonly #waiting = new Map<string, string | null>()
  readonly #wake: () => void

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** The job as JSON; null when it is gone. */
  offer(id: string, job: string | null): void {
    this.#waiting.set(id, job)
    this.#wake()
  }

  take(): { readonly id: string; readonly job: string | null } | undefined {
    for (const [id, job] of this.#waiting) {
      this.#waiting.delete(id)
      return { id, job }
    }
    return undefined
  }
}

/**
 * How jobs change. Whoever subscribes is told of the newest jobs as they are, then of every change within a second: the
 * control database's notifications make it quick, and a look each second makes up for those that are lost.
 */
export class JobFeed extends Context.Service<
  JobFeed,
  { readonly subscribe: (wake: () => void) => Effect.Effect<JobSubscription, never, Scope.Scope> }
>()("walstream/control/live/JobFeed") {
  static readonly layer: Layer.Layer<JobFeed, never, JobStore | JobViews | ActorSystem> = Layer.effect(
    JobFeed,
    Effect.gen(function* () {
      const store = yield* JobStore
      const views = yield* JobViews
      const members = new Set<JobSubscription>()
      /** As JSON. */
      const known = new Map<string, string>()
      let listed: ReadonlySet<string> = new Set()

      const tell = (id: string, job: string | null): void => {
        for (const member of members) member.offer(id, job)
      }

      const show = Effect.fnUntraced(function* (jobs: ReadonlyArray<Job>) {
        for (const job of yield* views.show(jobs)) {
          const text = JSON.stringify(job)
          if (known.get(job.id) === text) continue
          known.set(job.id, text)
          tell(job.id, text)
        }
      })

      const changed = (id: string) =>
        store.find(id).pipe(
          Effect.flatMap((job) => show([job])),
          Effect.catchTag("JobNotFound", () =>
            Effect.sync(() => {
              if (known.delete(id)) tell(id, null)
            })
          )
        )

      const look = Effect.gen(function* () {
        const page = yield* store.list({
          statuses: null,
          createdAfter: null,
          oldestFirst: false,
          limit: newest,
          cursor: null
        })
        yield* show(page.items)
        const before = listed
        listed = new Set(page.items.map(({ id }) => id))
        // Deleted, or pushed out by newer ones.
        for (const id of before) if (!listed.has(id)) yield* changed(id)
      })

      // A job changes several times in a row: what counts is how it is then.
      const hear = store.changes.pipe(
        Stream.groupedWithin(100, "50 millis"),
        Stream.runForEach((ids) => Effect.forEach(new Set(ids), changed, { discard: true }))
      )
      const sweep = look.pipe(
        Effect.catchTag("JobStoreError", (error) =>
          Effect.logDebug(`jobs are not looked at: ${error.message}`)
        ),
        Effect.repeat(Schedule.spaced("1 second"))
      )
      const reader = yield* makeWatched(
        "jobs",
        Effect.all([sweep, Effect.retry(hear, Schedule.spaced("1 second"))], {
          concurrency: 2,
          discard: true
        }).pipe(Effect.ensuring(Effect.sync(() => known.clear())))
      )

      return JobFeed.of({
        subscribe: Effect.fnUntraced(function* (wake) {
          const subscription = new JobSubscription(wake)
          yield* Effect.acquireRelease(
            Effect.sync(() => {
              for (const [id, job] of known) subscription.offer(id, job)
              members.add(subscription)
            }),
            () => Effect.sync(() => members.delete(subscription))
          )
          yield* reader.watch
          return subscription
        })
      })
    })
  )
}
