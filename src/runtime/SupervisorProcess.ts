import { Cause, type Context, Deferred, Duration, Effect, Exit, type Fiber, Queue, type Scope } from "effect"
import type { ActorDefinition, RestartKind } from "./Actor.ts"
import { NameTaken, RestartsExceeded, type SpawnError, SupervisorStopped } from "./ActorError.ts"
import type { ActorNode, ActorState } from "./ActorNode.ts"
import { ActorProcess } from "./ActorProcess.ts"
import type { ActorRef } from "./ActorRef.ts"
import { Backoff } from "./Backoff.ts"
import { type Child, type Parent, pathOf } from "./Child.ts"
import { errorText, isFailed } from "./ErrorText.ts"
import type { Kernel } from "./Kernel.ts"
import { grantRestart, noRestarts, type RestartHistory, type RestartIntensity } from "./RestartIntensity.ts"
import { affected, type RestartStrategy } from "./RestartStrategy.ts"
import { restartBackoff } from "./RetryPolicy.ts"
import type { Supervisor, SupervisorDefinition } from "./Supervisor.ts"

/** Children that failed and left, kept to be looked at. */
const lostKept = 32

/** A child's end that asks for a restart. The counters tell whether it is still news when its turn comes. */
interface Failure {
  readonly child: Child
  readonly error: string
  readonly childRestarts: number
  readonly life: number
}

/** A restart that waits for its delay or is under way, and the children it has not started yet. */
interface PendingRestart {
  readonly remaining: Set<Child>
  readonly fiber: Fiber.Fiber<void>
}

/**
 * A supervisor through all its lives. Children report their ends synchronously; the failures that ask for a restart
 * are worked off one at a time by its own fiber, since taking siblings down takes time.
 */
export class SupervisorProcess implements Child, Parent {
  readonly name: string
  readonly path: string
  readonly restart: RestartKind
  readonly ref: Supervisor
  restarts = 0
  startedAt = 0

  readonly #kernel: Kernel
  readonly #parent: Parent
  readonly #strategy: RestartStrategy
  readonly #intensity: RestartIntensity | undefined
  readonly #backoff: Backoff
  /** In start order. */
  readonly #children = new Map<string, Child>()
  readonly #lost: Array<ActorNode> = []
  readonly #failures: Queue.Queue<Failure>
  readonly #ended = Deferred.makeUnsafe<Exit.Exit<void, unknown>>()
  readonly #pending = new Set<PendingRestart>()
  #history: RestartHistory = noRestarts
  #state: ActorState = "starting"
  #since: number
  #lastError: string | undefined
  #leaving = false
  /** Counts up whenever the children are taken down: whoever waited across that must not go on. */
  #life = 0
  #worker: Fiber.Fiber<void> | undefined

  private constructor(
    kernel: Kernel,
    parent: Parent,
    definition: SupervisorDefinition,
    path: string,
    failures: Queue.Queue<Failure>
  ) {
    const { intensity = { restarts: 10, within: "1 minute" } } = definition
    this.name = definition.name
    this.path = path
    this.restart = definition.restart ?? "permanent"
    this.ref = {
      path,
      spawn: (actor) => this.#spawn(actor),
      supervise: (supervisor) => this.#supervise(supervisor),
      stop: (name) => Effect.suspend(() => this.#children.get(name)?.stop ?? Effect.void)
    }
    this.#kernel = kernel
    this.#parent = parent
    this.#strategy = definition.strategy ?? "one-for-one"
    this.#intensity =
      intensity === "unlimited"
        ? undefined
        : { restarts: intensity.restarts, periodMillis: Duration.toMillis(intensity.within) }
    this.#backoff = new Backoff(
      definition.backoff ?? restartBackoff,
      Duration.toMillis(definition.stableAfter ?? "1 minute"),
      kernel.timers
    )
    this.#failures = failures
    this.#since = kernel.wallTime()
  }

  static readonly make = (
    kernel: Kernel,
    parent: Parent,
    definition: SupervisorDefinition,
    path = pathOf(parent.path, definition.name)
  ): Effect.Effect<SupervisorProcess> =>
    Effect.map(
      Queue.unbounded<Failure>(),
      (failures) => new SupervisorProcess(kernel, parent, definition, path, failures)
    )

  get leaving(): boolean {
    return this.#leaving
  }

  get node(): ActorNode {
    return {
      path: this.path,
      name: this.name,
      kind: "supervisor",
      state: this.#state,
      since: this.#since,
      restart: this.restart,
      restarts: this.restarts,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      strategy: this.#strategy,
      children: Array.from(this.#children.values(), (child) => child.node),
      lost: [...this.#lost]
    }
  }

  // ---- as a child of its own supervisor

  start(): void {
    this.#life++
    this.#history = noRestarts
    this.startedAt = this.#kernel.timers.now()
    this.#worker ??= Effect.runForkWith(this.#kernel.context)(this.#work)
    this.#become("running")
    if (this.#children.size > 0) this.#restartAfter(0, new Set(this.#children.values()))
  }

  startAgain(): void {
    this.restarts++
    this.start()
  }

  readonly started: Effect.Effect<void> = Effect.void

  backOff(error: string): void {
    this.#lastError = error
    this.#become("backoff")
  }

  readonly halt: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#leaving) return Effect.asVoid(Deferred.await(this.#ended))
    return Effect.andThen(
      this.#takeAllDown(),
      Effect.sync(() => {
        if (!this.#leaving) this.#become("backoff")
      })
    )
  })

  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    if (!this.#leaving) this.#beginStop()
    return Effect.asVoid(Deferred.await(this.#ended))
  })

  finish(exit: Exit.Exit<void, unknown>): void {
    if (Deferred.isDoneUnsafe(this.#ended)) return
    this.#leaving = true
    this.#endLife()
    for (const child of this.#newestFirst()) child.finish(exit)
    if (Exit.isFailure(exit)) this.#lastError = errorText(exit.cause)
    this.#become(Exit.isFailure(exit) ? "failed" : "stopped")
    Deferred.doneUnsafe(this.#ended, Exit.succeed(exit))
    this.#parent.childLeft(this, exit)
    this.#worker?.interruptUnsafe()
  }

  // ---- as a parent

  childExited(child: Child, exit: Exit.Exit<void, unknown>): void {
    const failed = isFailed(exit)
    if (child.restart === "permanent" || (child.restart === "transient" && failed)) {
      const error = failed ? errorText(exit.cause) : "ended by itself"
      const life = this.#life
      child.backOff(error)
      if (this.#state === "running")
        Queue.offerUnsafe(this.#failures, { child, error, life, childRestarts: child.restarts })
      return
    }
    if (failed)
      this.#kernel.log("Error", "actor failed and is not restarted", {
        actor: child.path,
        error: errorText(exit.cause),
        defect: Cause.hasDies(exit.cause)
      })
    child.finish(failed ? exit : Exit.void)
  }

  childLeft(child: Child, exit: Exit.Exit<void, unknown>): void {
    this.#children.delete(child.name)
    if (Exit.isFailure(exit)) {
      this.#lost.push(child.node)
      if (this.#lost.length > lostKept) this.#lost.shift()
    }
    this.#kernel.changed()
  }

  #spawn<M, E, R>(
    definition: ActorDefinition<M, E, R>
  ): Effect.Effect<ActorRef<M>, SpawnError, Exclude<R, Scope.Scope>> {
    return Effect.contextWith((context: Context.Context<Exclude<R, Scope.Scope>>) =>
      Effect.flatMap(ActorProcess.make(this.#kernel, this, definition, context), (child) => {
        const refusal = this.#refusal(definition.name)
        if (refusal !== undefined) return Effect.fail(refusal)
        this.#adopt(child)
        return Effect.succeed(child.ref)
      })
    )
  }

  #supervise(definition: SupervisorDefinition): Effect.Effect<Supervisor, SpawnError> {
    return Effect.flatMap(SupervisorProcess.make(this.#kernel, this, definition), (child) => {
      const refusal = this.#refusal(definition.name)
      if (refusal !== undefined) return Effect.fail(refusal)
      this.#adopt(child)
      return Effect.succeed(child.ref)
    })
  }

  #refusal(name: string): SpawnError | undefined {
    if (this.#leaving) return new SupervisorStopped({ path: this.path })
    return this.#children.has(name) ? new NameTaken({ path: pathOf(this.path, name) }) : undefined
  }

  #adopt(child: Child): void {
    this.#children.set(child.name, child)
    // While this supervisor is down itself, the child waits to be started with the others.
    if (this.#state === "running") child.start()
    else child.backOff("waits for its supervisor")
  }

  // ---- failures, one at a time

  readonly #work: Effect.Effect<void> = Effect.suspend(() => Queue.take(this.#failures)).pipe(
    Effect.flatMap((failure) =>
      this.#handle(failure).pipe(
        // A backoff schedule is foreign code: when it breaks, the supervisor gives up rather than hang.
        Effect.catchCause((cause) =>
          Cause.hasInterruptsOnly(cause)
            ? Effect.failCause(cause)
            : this.#giveUp(failure.child, `backoff failed: ${errorText(cause)}`)
        )
      )
    ),
    Effect.forever
  )

  readonly #handle = Effect.fnUntraced({ self: this }, function* (failure: Failure) {
    const { child, error } = failure
    const stale = failure.life !== this.#life || failure.childRestarts !== child.restarts
    // Somebody else's failure may have included this child in a restart meanwhile.
    if (stale || child.leaving || this.#isPending(child)) return
    const granted = this.#grant()
    const delay = granted ? yield* this.#backoff.next(child, error) : undefined
    if (delay === undefined) return yield* this.#giveUp(child, error)
    yield* Effect.logWarning("actor failed and is restarted").pipe(
      Effect.annotateLogs({
        actor: child.path,
        error,
        restarts: child.restarts,
        delayMillis: Math.round(delay)
      })
    )
    const members = new Set(affected(this.#strategy, [...this.#children.values()], child))
    this.#cancelPending((pending) => [...pending.remaining].some((other) => members.has(other)))
    const life = this.#life
    yield* this.#takeDown([...members].filter((member) => member !== child).reverse())
    if (life === this.#life) this.#restartAfter(delay, members)
  })

  #grant(): boolean {
    if (this.#intensity === undefined) return true
    const history = grantRestart(this.#intensity, this.#history, this.#kernel.timers.now())
    if (history !== undefined) this.#history = history
    return history !== undefined
  }

  readonly #giveUp = Effect.fnUntraced({ self: this }, function* (child: Child, error: string) {
    const failure = new RestartsExceeded({
      path: this.path,
      child: child.name,
      restarts: this.#history.length,
      lastError: error
    })
    yield* Effect.logError("supervisor gives up").pipe(
      Effect.annotateLogs({ actor: this.path, child: child.path, error, restarts: failure.restarts })
    )
    const takeDown = this.#takeAllDown()
    const life = this.#life
    yield* takeDown
    // Unless it was stopped or taken down from above in the meantime.
    if (life === this.#life) this.#parent.childExited(this, Exit.fail(failure))
  })

  #restartAfter(millis: number, members: Set<Child>): void {
    const remaining = new Set(members)
    const restart = Effect.gen(function* () {
      yield* Effect.sleep(millis)
      for (const child of members) {
        remaining.delete(child)
        if (child.leaving) continue
        child.startAgain()
        yield* child.started
      }
    })
    const pending = { remaining, fiber: Effect.runForkWith(this.#kernel.context)(restart) }
    this.#pending.add(pending)
    pending.fiber.addObserver(() => this.#pending.delete(pending))
  }

  #isPending(child: Child): boolean {
    for (const pending of this.#pending) if (pending.remaining.has(child)) return true
    return false
  }

  #cancelPending(which: (pending: PendingRestart) => boolean): void {
    for (const pending of [...this.#pending]) if (which(pending)) pending.fiber.interruptUnsafe()
  }

  // ---- taking children down

  /** Ends this life: what waits to be restarted stays down. */
  #endLife(): void {
    this.#life++
    this.#cancelPending(() => true)
  }

  #takeAllDown(): Effect.Effect<void> {
    this.#endLife()
    this.#become("stopping")
    return this.#takeDown(this.#newestFirst())
  }

  /** One after the other. Temporary ones are not started again, so this is their end. */
  #takeDown(children: ReadonlyArray<Child>): Effect.Effect<void> {
    return Effect.forEach(children, (child) => (child.restart === "temporary" ? child.stop : child.halt), {
      discard: true
    })
  }

  #beginStop(): void {
    this.#leaving = true
    this.#endLife()
    this.#become("stopping")
    this.#worker?.interruptUnsafe()
    // In a fiber of its own: whoever asked may go away before it is done.
    Effect.runForkWith(this.#kernel.context)(
      Effect.andThen(
        Effect.forEach(this.#newestFirst(), (child) => child.stop, { discard: true }),
        Effect.sync(() => this.finish(Exit.void))
      )
    )
  }

  #newestFirst(): ReadonlyArray<Child> {
    return [...this.#children.values()].reverse()
  }

  #become(state: ActorState): void {
    if (this.#state !== state) {
      this.#state = state
      this.#since = this.#kernel.wallTime()
    }
    this.#kernel.changed()
  }
}
