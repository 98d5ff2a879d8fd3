import { Cause, Duration, Effect, type Fiber, Queue } from "effect"
import { Backoff } from "./Backoff.ts"
import type { Child } from "./Child.ts"
import { errorText } from "./ErrorText.ts"
import type { Kernel } from "./Kernel.ts"
import { grantRestart, noRestarts, type RestartHistory, type RestartIntensity } from "./RestartIntensity.ts"
import { affected, type RestartStrategy } from "./RestartStrategy.ts"
import { restartBackoff } from "./RetryPolicy.ts"
import type { SupervisorOptions } from "./Supervisor.ts"
import type { Timer } from "./Timers.ts"

/** What the restarts of a supervisor need of it. */
export interface Restarter {
  /** In start order. */
  readonly children: ReadonlyArray<Child>
  /** Takes these down, one after the other. */
  readonly takeDown: (children: ReadonlyArray<Child>) => Effect.Effect<void>
  /** This failure was one too many, after so many granted restarts. */
  readonly giveUp: (child: Child, error: string, granted: number) => Effect.Effect<void>
}

/** A child's end that asks for a restart. The counters tell whether it is still news when its turn comes. */
interface Failure {
  readonly child: Child
  readonly error: string
  /** The child has logged it itself. */
  readonly told: boolean
  readonly childRestarts: number
  readonly life: number
}

/** A child's failures in a row. Only the first that it did not tell itself is news to people, and the end of them. */
interface Trouble {
  restarts: number
  isLogged: boolean
  /** Until it counts as well again; it was cancelled when it failed before. */
  timer: Timer | undefined
}

/** A restart that waits for its delay or is under way, and the children it has not started yet. */
interface PendingRestart {
  readonly remaining: Set<Child>
  readonly fiber: Fiber.Fiber<void>
}

/**
 * The failures of a supervisor's children and what becomes of them. They are worked off one at a time by a fiber of
 * its own, since taking siblings down takes time; delays of different restarts run side by side.
 */
export class Restarts {
  readonly #kernel: Kernel
  readonly #restarter: Restarter
  readonly #strategy: RestartStrategy
  readonly #intensity: RestartIntensity | undefined
  readonly #backoff: Backoff
  readonly #stableMillis: number
  readonly #troubles = new Map<Child, Trouble>()
  readonly #failures: Queue.Queue<Failure>
  readonly #pending = new Set<PendingRestart>()
  #history: RestartHistory = noRestarts
  /** Counts up whenever a life of the supervisor ends: who waited across that must not go on. */
  #life = 0
  #worker: Fiber.Fiber<void> | undefined

  private constructor(
    kernel: Kernel,
    restarter: Restarter,
    options: SupervisorOptions,
    failures: Queue.Queue<Failure>
  ) {
    const { intensity = { restarts: 10, within: "1 minute" } } = options
    this.#kernel = kernel
    this.#restarter = restarter
    this.#strategy = options.strategy ?? "one-for-one"
    this.#intensity =
      intensity === "unlimited"
        ? undefined
        : { restarts: intensity.restarts, periodMillis: Duration.toMillis(intensity.within) }
    this.#stableMillis = Duration.toMillis(options.stableAfter ?? "1 minute")
    this.#backoff = new Backoff(options.backoff ?? restartBackoff, this.#stableMillis, kernel.timers)
    this.#failures = failures
  }

  static readonly make = (
    kernel: Kernel,
    options: SupervisorOptions
  ): Effect.Effect<(restarter: Restarter) => Restarts> =>
    Effect.map(
      Queue.unbounded<Failure>(),
      (failures) => (restarter: Restarter) => new Restarts(kernel, restarter, options, failures)
    )

  get strategy(): RestartStrategy {
    return this.#strategy
  }

  /** A life of the supervisor begins: nothing has failed yet. */
  begin(): void {
    this.#history = noRestarts
    this.#worker ??= Effect.runForkWith(this.#kernel.context)(this.#work)
  }

  /** This life ends: what waits to be restarted stays down, what failed is nobody's concern any more. */
  end(): void {
    this.#life++
    this.#cancel(() => true)
    for (const trouble of this.#troubles.values()) this.#unwatch(trouble)
  }

  /** No life will follow. */
  close(): void {
    this.end()
    this.#worker?.interruptUnsafe()
  }

  /** Which life this is: it changes with `end`. */
  get life(): number {
    return this.#life
  }

  failed(child: Child, error: string, told: boolean): void {
    Queue.offerUnsafe(this.#failures, { child, error, told, life: this.#life, childRestarts: child.restarts })
  }

  /** Starts them again in order, each once the one before it is ready. */
  restartAfter(millis: number, members: Iterable<Child>): void {
    const remaining = new Set(members)
    const restart = Effect.gen({ self: this }, function* () {
      yield* Effect.sleep(millis)
      for (const child of [...remaining]) {
        remaining.delete(child)
        if (child.leaving) continue
        child.startAgain()
        this.#kernel.restarted(child.path)
        yield* child.started
        this.#watch(child)
      }
    })
    const pending = { remaining, fiber: Effect.runForkWith(this.#kernel.context)(restart) }
    this.#pending.add(pending)
    pending.fiber.addObserver(() => this.#pending.delete(pending))
  }

  readonly #work: Effect.Effect<void> = Effect.suspend(() => Queue.take(this.#failures)).pipe(
    Effect.flatMap((failure) =>
      this.#handle(failure).pipe(
        // A backoff schedule is foreign code: when it breaks, the supervisor gives up rather than hang.
        Effect.catchCauseIf(
          (cause) => !Cause.hasInterruptsOnly(cause),
          (cause) => this.#giveUp(failure.child, `the backoff failed: ${errorText(cause)}`)
        )
      )
    ),
    Effect.forever
  )

  readonly #handle = Effect.fnUntraced({ self: this }, function* (failure: Failure) {
    const { child, error, told } = failure
    const stale = failure.life !== this.#life || failure.childRestarts !== child.restarts
    // Somebody else's failure may have included this child in a restart meanwhile.
    if (stale || child.leaving || this.#isPending(child)) return
    const delay = this.#grant() ? yield* this.#backoff.next(child, error) : undefined
    if (delay === undefined) return yield* this.#giveUp(child, error)
    // An outage is told once; each further restart is in the tree.
    const log = this.#isNews(child, told) ? Effect.logWarning : Effect.logDebug
    yield* log("actor ended and is restarted").pipe(
      Effect.annotateLogs({
        actor: child.path,
        error,
        restarts: child.restarts,
        delayMillis: Math.round(delay)
      })
    )
    const members = new Set(affected(this.#strategy, this.#restarter.children, child))
    this.#cancel((pending) => [...pending.remaining].some((other) => members.has(other)))
    const life = this.#life
    yield* this.#restarter.takeDown([...members].filter((member) => member !== child).reverse())
    if (life === this.#life) this.restartAfter(delay, members)
  })

  /** Counts a restart; whether people do not know yet that there is a series of them. */
  #isNews(child: Child, told: boolean): boolean {
    const trouble = this.#troubles.get(child) ?? { restarts: 0, isLogged: false, timer: undefined }
    this.#troubles.set(child, trouble)
    trouble.restarts++
    this.#unwatch(trouble)
    const isNews = !told && !trouble.isLogged
    trouble.isLogged ||= isNews
    return isNews
  }

  /** A series ends when the child has been up for a stable while: as its backoff does. */
  #watch(child: Child): void {
    const trouble = this.#troubles.get(child)
    if (trouble === undefined) return
    this.#unwatch(trouble)
    const { startedAt } = child
    trouble.timer = this.#kernel.timers.after(this.#stableMillis, () => {
      this.#troubles.delete(child)
      if (child.leaving || child.startedAt !== startedAt) return
      this.#kernel.log("Info", "actor is well again", { actor: child.path, restarts: trouble.restarts })
    })
  }

  #unwatch(trouble: Trouble): void {
    if (trouble.timer !== undefined) this.#kernel.timers.cancel(trouble.timer)
    trouble.timer = undefined
  }

  #giveUp(child: Child, error: string): Effect.Effect<void> {
    return this.#restarter.giveUp(child, error, this.#history.length)
  }

  #grant(): boolean {
    if (this.#intensity === undefined) return true
    const history = grantRestart(this.#intensity, this.#history, this.#kernel.timers.now())
    if (history !== undefined) this.#history = history
    return history !== undefined
  }

  #isPending(child: Child): boolean {
    for (const pending of this.#pending) if (pending.remaining.has(child)) return true
    return false
  }

  #cancel(which: (pending: PendingRestart) => boolean): void {
    for (const pending of [...this.#pending]) if (which(pending)) pending.fiber.interruptUnsafe()
  }
}
