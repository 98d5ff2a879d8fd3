import { Cause, type Context, Deferred, Effect, Exit, type Scope } from "effect"
import type { ActorDefinition, RestartKind } from "./Actor.ts"
import { NameTaken, RestartsExceeded, type SpawnError, SupervisorStopped } from "./ActorError.ts"
import type { ActorNode, ActorState } from "./ActorNode.ts"
import { ActorProcess } from "./ActorProcess.ts"
import type { ActorRef } from "./ActorRef.ts"
import { type Child, type Parent, pathOf } from "./Child.ts"
import { errorText, isFailed } from "./ErrorText.ts"
import type { Kernel } from "./Kernel.ts"
import { Mailbox } from "./Mailbox.ts"
import { type Restarter, Restarts } from "./Restarts.ts"
import type { Supervisor, SupervisorDefinition } from "./Supervisor.ts"

/** Children that failed and left, kept to be looked at. */
const lostKept = 32

/**
 * A supervisor through all its lives: who its children are, and how they are started and taken down. Children report
 * their ends synchronously; what becomes of a failure is for `Restarts`.
 */
export class SupervisorProcess implements Child, Parent {
  readonly name: string
  readonly path: string
  readonly restart: RestartKind
  readonly tellsErrors = false
  readonly ref: Supervisor
  restarts = 0
  startedAt = 0

  readonly #kernel: Kernel
  readonly #parent: Parent
  readonly #restarts: Restarts
  /** In start order. */
  readonly #children = new Map<string, Child>()
  readonly #lost: Array<ActorNode> = []
  readonly #ended = Deferred.makeUnsafe<Exit.Exit<void, unknown>>()
  #state: ActorState = "starting"
  #since: number
  #lastError: string | undefined
  #leaving = false

  private constructor(
    kernel: Kernel,
    parent: Parent,
    definition: SupervisorDefinition,
    path: string,
    restarts: (restarter: Restarter) => Restarts
  ) {
    this.#kernel = kernel
    this.#parent = parent
    this.#since = kernel.wallTime()
    this.name = definition.name
    this.path = path
    this.restart = definition.restart ?? "permanent"
    const children = this.#children
    this.#restarts = restarts({
      get children() {
        return [...children.values()]
      },
      takeDown: (members) => this.#takeDown(members),
      giveUp: (child, error, granted) => this.#giveUp(child, error, granted)
    })
    this.ref = {
      path,
      spawn: (actor) => this.#spawn(actor),
      supervise: (supervisor) => this.#supervise(supervisor),
      stop: (name) => Effect.suspend(() => children.get(name)?.stop ?? Effect.void)
    }
  }

  static readonly make = (
    kernel: Kernel,
    parent: Parent,
    definition: SupervisorDefinition,
    path = pathOf(parent.path, definition.name)
  ): Effect.Effect<SupervisorProcess> =>
    Effect.map(
      Restarts.make(kernel, definition),
      (restarts) => new SupervisorProcess(kernel, parent, definition, path, restarts)
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
      strategy: this.#restarts.strategy,
      children: Array.from(this.#children.values(), (child) => child.node),
      lost: [...this.#lost]
    }
  }

  // ---- as a child of its own supervisor

  start(): void {
    this.startedAt = this.#kernel.timers.now()
    this.#restarts.begin()
    this.#become("running")
    if (this.#children.size > 0) this.#restarts.restartAfter(0, this.#children.values())
  }

  startAgain(): void {
    this.restarts++
    this.start()
  }

  readonly started: Effect.Effect<void> = Effect.void

  backOff(error?: string): void {
    if (error !== undefined) this.#lastError = error
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
    if (this.#state === "stopped" || this.#state === "failed") return
    this.#leaving = true
    this.#restarts.close()
    for (const child of this.#newestFirst()) child.finish(exit)
    if (Exit.isFailure(exit)) this.#lastError = errorText(exit.cause)
    this.#become(Exit.isFailure(exit) ? "failed" : "stopped")
    this.#parent.childLeft(this, exit)
    this.#kernel.soon(() => Deferred.doneUnsafe(this.#ended, Exit.succeed(exit)))
  }

  // ---- as a parent

  childExited(child: Child, exit: Exit.Exit<unknown, unknown>): void {
    const failed = isFailed(exit)
    if (child.restart === "permanent" || (child.restart === "transient" && failed)) {
      const error = failed ? errorText(exit.cause) : "ended by itself"
      child.backOff(error)
      const told = failed && child.tellsErrors && !Cause.hasDies(exit.cause)
      if (this.#state === "running") this.#restarts.failed(child, error, told)
      // While this supervisor itself is down or going down, the child waits to be started with the others.
      else this.#kernel.log("Warn", "actor ended while its supervisor is down", { actor: child.path, error })
      return
    }
    if (failed) {
      this.#kernel.log("Error", "actor failed and is not restarted", {
        actor: child.path,
        error: errorText(exit.cause),
        defect: Cause.hasDies(exit.cause)
      })
    }
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
      Effect.flatMap(Mailbox.make<M>(pathOf(this.path, definition.name), definition.mailbox), (mailbox) => {
        const child = ActorProcess.make(this.#kernel, this, definition, context, mailbox)
        return this.#adopt<ActorRef<M>>(child, child)
      })
    )
  }

  #supervise(definition: SupervisorDefinition): Effect.Effect<Supervisor, SpawnError> {
    return Effect.flatMap(SupervisorProcess.make(this.#kernel, this, definition), (child) =>
      this.#adopt(child, child.ref)
    )
  }

  #adopt<Ref>(child: Child, ref: Ref): Effect.Effect<Ref, SpawnError> {
    if (this.#leaving) return Effect.fail(new SupervisorStopped({ path: this.path }))
    if (this.#children.has(child.name)) return Effect.fail(new NameTaken({ path: child.path }))
    this.#children.set(child.name, child)
    // While this supervisor is down itself, the child waits to be started with the others.
    if (this.#state === "running") child.start()
    else child.backOff()
    return Effect.succeed(ref)
  }

  // ---- taking children down

  /** One after the other. Temporary ones are not started again, so this is their end. */
  #takeDown(children: ReadonlyArray<Child>): Effect.Effect<void> {
    return Effect.forEach(children, (child) => (child.restart === "temporary" ? child.stop : child.halt), {
      discard: true
    })
  }

  #takeAllDown(): Effect.Effect<void> {
    this.#restarts.end()
    this.#become("stopping")
    return this.#takeDown(this.#newestFirst())
  }

  readonly #giveUp = Effect.fnUntraced(
    { self: this },
    function* (child: Child, error: string, granted: number) {
      const failure = new RestartsExceeded({
        path: this.path,
        child: child.name,
        restarts: granted,
        lastError: error
      })
      yield* Effect.logError("supervisor gives up").pipe(
        Effect.annotateLogs({ actor: this.path, child: child.path, error, restarts: granted })
      )
      const takeDown = this.#takeAllDown()
      const { life } = this.#restarts
      yield* takeDown
      // Unless it was stopped or taken down from above in the meantime.
      if (life === this.#restarts.life) this.#parent.childExited(this, Exit.fail(failure))
    }
  )

  #beginStop(): void {
    this.#leaving = true
    this.#restarts.close()
    this.#become("stopping")
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
