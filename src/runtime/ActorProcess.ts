import { Cause, type Context, Deferred, Duration, Effect, Exit, Fiber, type Scope } from "effect"
import type { ActorContext, ActorDefinition, ActorSettings, RestartKind } from "./Actor.ts"
import { ActorStopped, AskTimeout, StopOverrun } from "./ActorError.ts"
import type { ActorNode, ActorState } from "./ActorNode.ts"
import type { ActorRef } from "./ActorRef.ts"
import { type Child, type Parent, pathOf } from "./Child.ts"
import { errorText, isFailed } from "./ErrorText.ts"
import type { Kernel } from "./Kernel.ts"
import { Mailbox } from "./Mailbox.ts"
import { Ask } from "./Reply.ts"
import type { Timer } from "./Timers.ts"

/**
 * An actor through all its lives. At most one fiber runs at a time; its end is reported to the parent, which decides.
 * All bookkeeping is synchronous, so no interrupt can leave it half done.
 */
export class ActorProcess<M> implements Child {
  readonly name: string
  readonly path: string
  readonly restart: RestartKind
  readonly mailbox: Mailbox<M>
  readonly ref: ActorRef<M>
  restarts = 0
  startedAt = 0

  readonly #kernel: Kernel
  readonly #parent: Parent
  readonly #signalsReady: boolean
  readonly #stopMillis: number
  readonly #context: ActorContext<M>
  readonly #launch: (context: ActorContext<M>) => Fiber.Fiber<void, unknown>
  readonly #ended = Deferred.makeUnsafe<Exit.Exit<void, unknown>>()
  readonly #stopping = Deferred.makeUnsafe<void>()
  #state: ActorState = "starting"
  #since: number
  #lastError: string | undefined
  #fiber: Fiber.Fiber<void, unknown> | undefined
  #halted: Deferred.Deferred<void> | undefined
  #ready: Deferred.Deferred<void> | undefined
  #leaving = false
  #deadline: Timer | undefined

  private constructor(
    kernel: Kernel,
    parent: Parent,
    settings: ActorSettings,
    mailbox: Mailbox<M>,
    launch: (context: ActorContext<M>) => Fiber.Fiber<void, unknown>
  ) {
    this.#kernel = kernel
    this.#parent = parent
    this.#signalsReady = settings.readiness === "signalled"
    this.#stopMillis = Duration.toMillis(settings.stopDeadline ?? "5 seconds")
    this.#since = kernel.wallTime()
    this.#launch = launch
    this.name = settings.name
    this.path = mailbox.path
    this.restart = settings.restart ?? "permanent"
    this.mailbox = mailbox
    this.ref = this.#makeRef()
    this.#context = {
      path: this.path,
      mailbox,
      self: this.ref,
      ready: Effect.sync(() => this.#signalReady()),
      stopping: Effect.suspend(() => {
        mailbox.attend()
        return Deferred.await(this.#stopping)
      })
    }
  }

  /** Not yet started. All its lives run in the given context. */
  static readonly make = <M, E, R>(
    kernel: Kernel,
    parent: Parent,
    definition: ActorDefinition<M, E, R>,
    context: Context.Context<Exclude<R, Scope.Scope>>
  ): Effect.Effect<ActorProcess<M>> => {
    const path = pathOf(parent.path, definition.name)
    return Effect.map(Mailbox.make<M>(path, definition.mailbox), (mailbox) => {
      const launch = (actor: ActorContext<M>) =>
        Effect.yieldNow.pipe(
          // The actor's code never runs on the stack of who spawned it.
          Effect.andThen(Effect.suspend(() => definition.run(actor))),
          Effect.annotateLogs("actor", path),
          Effect.scoped,
          Effect.runForkWith(context)
        )
      return new ActorProcess(kernel, parent, definition, mailbox, launch)
    })
  }

  get leaving(): boolean {
    return this.#leaving
  }

  get node(): ActorNode {
    const { capacity, depth, dropped, overflow } = this.mailbox
    return {
      path: this.path,
      name: this.name,
      kind: "actor",
      state: this.#state,
      since: this.#since,
      restart: this.restart,
      restarts: this.restarts,
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
      mailbox: { depth, capacity, overflow, dropped },
      children: [],
      lost: []
    }
  }

  start(): void {
    this.mailbox.incarnate()
    this.startedAt = this.#kernel.timers.now()
    this.#become(this.#signalsReady ? "starting" : "running")
    const fiber = this.#launch(this.#context)
    this.#fiber = fiber
    fiber.addObserver((exit) => {
      // One that was given up on may still end one day.
      if (this.#fiber === fiber) this.#exited(exit)
    })
  }

  startAgain(): void {
    this.restarts++
    this.start()
  }

  readonly started: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#state !== "starting" || this.#fiber === undefined) return Effect.void
    this.#ready ??= Deferred.makeUnsafe<void>()
    return Deferred.await(this.#ready)
  })

  backOff(error: string): void {
    this.#lastError = error
    this.mailbox.restarted()
    this.#become("backoff")
  }

  readonly halt: Effect.Effect<void> = Effect.suspend(() => {
    if (this.#fiber === undefined) {
      if (!this.#leaving) this.#become("backoff")
      return Effect.void
    }
    if (this.#halted === undefined) {
      this.#halted = Deferred.makeUnsafe<void>()
      if (!this.#leaving) this.#become("stopping")
      const halted = this.#halted
      this.#interrupt()
      return Deferred.await(halted)
    }
    return Deferred.await(this.#halted)
  })

  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    this.#askToStop()
    return this.#fiber !== undefined && Fiber.getCurrent() === this.#fiber
      ? Effect.void
      : Effect.asVoid(Deferred.await(this.#ended))
  })

  finish(exit: Exit.Exit<void, unknown>): void {
    if (Deferred.isDoneUnsafe(this.#ended)) return
    this.#leaving = true
    this.#cancelDeadline()
    if (Exit.isFailure(exit)) this.#lastError = errorText(exit.cause)
    this.#become(Exit.isFailure(exit) ? "failed" : "stopped")
    this.mailbox.shutdown()
    Deferred.doneUnsafe(this.#stopping, Exit.void)
    Deferred.doneUnsafe(this.#ended, Exit.succeed(exit))
    this.#parent.childLeft(this, exit)
  }

  #makeRef(): ActorRef<M> {
    return {
      path: this.path,
      tell: (message) => this.mailbox.offer(message),
      ask: (question, deadline) => {
        const millis = Duration.toMillis(deadline)
        return Effect.suspend(() => {
          const ask = new Ask(this.#kernel.timers, question)
          ask.expireAfter(millis, () => new AskTimeout({ path: this.path, millis }))
          const put = this.mailbox.put(ask)
          if (put === Effect.void) return ask.answer
          return Effect.raceFirst(Effect.andThen(put, Effect.never), ask.answer)
        })
      },
      ready: Effect.suspend(() => this.#awaitReady()),
      ended: Deferred.await(this.#ended),
      stop: Effect.suspend(() => this.stop)
    }
  }

  #awaitReady(): Effect.Effect<void, ActorStopped> {
    if (this.#leaving) return Effect.fail(new ActorStopped({ path: this.path }))
    if (this.#state === "running") return Effect.void
    this.#ready ??= Deferred.makeUnsafe<void>()
    // Woken by whatever ends the starting: look again.
    return Effect.raceFirst(Deferred.await(this.#ready), Deferred.await(this.#ended)).pipe(
      Effect.andThen(Effect.suspend(() => this.#awaitReady()))
    )
  }

  #signalReady(): void {
    if (this.#state === "starting") this.#become("running")
  }

  #askToStop(): void {
    if (this.#leaving) return
    this.#leaving = true
    const idle = this.#fiber === undefined
    this.#become("stopping")
    Deferred.doneUnsafe(this.#stopping, Exit.void)
    this.mailbox.close()
    if (idle) {
      this.finish(Exit.void)
      return
    }
    // Closing the mailbox may have ended it already, and who is being halted is interrupted already.
    if (this.#fiber === undefined || this.#halted !== undefined) return
    // One that never looked into its mailbox has nothing to work off.
    if (!this.mailbox.attended) this.#interrupt()
    else this.#deadline = this.#kernel.timers.after(this.#stopMillis, () => this.#interrupt())
  }

  #interrupt(): void {
    const fiber = this.#fiber
    if (fiber === undefined) return
    this.#cancelDeadline()
    // Armed first: the interrupt may end the fiber before it returns.
    this.#deadline = this.#kernel.timers.after(this.#stopMillis, () => this.#giveUp())
    fiber.interruptUnsafe()
  }

  /** A fiber cannot be killed: when its finalizers hang it is left behind, loudly. */
  #giveUp(): void {
    const overrun = new StopOverrun({ path: this.path, millis: this.#stopMillis })
    this.#kernel.log("Error", "actor does not end", { actor: this.path, error: overrun.message })
    this.#exited(Exit.fail(overrun))
  }

  #exited(exit: Exit.Exit<void, unknown>): void {
    this.#fiber = undefined
    this.#cancelDeadline()
    const halted = this.#halted
    this.#halted = undefined
    if (this.#leaving) {
      this.finish(this.#withoutOrderlyEnd(exit))
    } else if (halted !== undefined) {
      if (isFailed(exit)) this.#lastError = errorText(exit.cause)
      this.mailbox.restarted()
      this.#become("backoff")
    } else {
      this.#parent.childExited(this, exit)
    }
    if (halted !== undefined) Deferred.doneUnsafe(halted, Exit.void)
  }

  /** Asked to stop, an interruption and the end of the mailbox are the orderly ends. */
  #withoutOrderlyEnd(exit: Exit.Exit<void, unknown>): Exit.Exit<void, unknown> {
    if (!isFailed(exit)) return Exit.void
    const ofMailbox = exit.cause.reasons.every(
      (reason) =>
        Cause.isInterruptReason(reason) || (Cause.isFailReason(reason) && Cause.isDone(reason.error))
    )
    if (ofMailbox) return Exit.void
    this.#kernel.log("Error", "actor failed while stopping", {
      actor: this.path,
      error: errorText(exit.cause)
    })
    return exit
  }

  #become(state: ActorState): void {
    if (this.#state !== state) {
      this.#state = state
      this.#since = this.#kernel.wallTime()
    }
    if (state !== "starting" && this.#ready !== undefined) {
      const ready = this.#ready
      this.#ready = undefined
      Deferred.doneUnsafe(ready, Exit.void)
    }
    this.#kernel.changed()
  }

  #cancelDeadline(): void {
    if (this.#deadline !== undefined) this.#kernel.timers.cancel(this.#deadline)
    this.#deadline = undefined
  }
}
