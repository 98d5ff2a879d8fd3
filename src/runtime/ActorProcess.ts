import { Cause, type Context, Deferred, Duration, Effect, Exit, Fiber, type Scope } from "effect"
import type { ActorContext, ActorDefinition, ActorSettings, RestartKind } from "./Actor.ts"
import { ActorStopped, type AskError, StopOverrun, type TellError } from "./ActorError.ts"
import type { ActorNode, ActorState } from "./ActorNode.ts"
import type { ActorRef } from "./ActorRef.ts"
import type { Child, Parent } from "./Child.ts"
import { errorText, isFailed } from "./ErrorText.ts"
import type { Kernel } from "./Kernel.ts"
import { Life, type Living, lastingContext } from "./Life.ts"
import type { Mailbox } from "./Mailbox.ts"
import { Ask, type Reply } from "./Reply.ts"
import type { Timer } from "./Timers.ts"

type Ending = Exit.Exit<void, unknown>

/** Begins a life of the actor, with its code and in its context. */
type Launch<M> = (process: ActorProcess<M>) => void

/**
 * An actor through all its lives. At most one fiber runs at a time; its end is reported to the parent, which decides.
 * All bookkeeping is synchronous, so no interrupt can leave it half done. What only some actors need is made when it is
 * asked for: there may be 100,000 of them.
 */
export class ActorProcess<in out M> implements Child, ActorRef<M>, Living {
  readonly name: string
  readonly path: string
  readonly restart: RestartKind
  readonly tellsErrors: boolean
  restarts = 0
  startedAt = 0

  readonly #kernel: Kernel
  readonly #parent: Parent
  readonly #mailbox: Mailbox<M>
  readonly #signalsReady: boolean
  readonly #stopMillis: number
  readonly #launch: Launch<M>
  #state: ActorState = "starting"
  #since: number
  #lastError: string | undefined
  #life: Life | undefined
  #leaving = false
  #deadline: Timer | undefined
  /** How it ended for good. */
  #ending: Ending | undefined
  #ended: Deferred.Deferred<Ending> | undefined
  #halted: Deferred.Deferred<void> | undefined
  #stopAsked: Deferred.Deferred<void> | undefined
  /** Completed by the next state that is not "starting". */
  #moved: Deferred.Deferred<void> | undefined

  private constructor(
    kernel: Kernel,
    parent: Parent,
    settings: ActorSettings,
    mailbox: Mailbox<M>,
    launch: Launch<M>
  ) {
    this.#kernel = kernel
    this.#parent = parent
    this.#mailbox = mailbox
    this.#signalsReady = settings.readiness === "signalled"
    this.#stopMillis = Duration.toMillis(settings.stopDeadline ?? defaultStopDeadline)
    this.#launch = launch
    this.#since = kernel.wallTime()
    this.name = settings.name
    this.path = mailbox.path
    this.restart = settings.restart ?? "permanent"
    this.tellsErrors = settings.tellsErrors ?? false
  }

  /** Not yet started. All its lives run in the given context. */
  static readonly make = <M, E, R>(
    kernel: Kernel,
    parent: Parent,
    definition: ActorDefinition<M, E, R>,
    context: Context.Context<Exclude<R, Scope.Scope>>,
    mailbox: Mailbox<M>
  ): ActorProcess<M> => {
    const lasting = lastingContext(context, mailbox.path)
    return new ActorProcess(kernel, parent, definition, mailbox, (process) =>
      new Life(process).begin(lasting, () => definition.run(new OwnContext(process)))
    )
  }

  // ---- as others see it

  readonly tell = (message: M): Effect.Effect<void, TellError> => this.#mailbox.offer(message)

  readonly ask = <A, E = never>(
    question: (reply: Reply<A, E>) => M,
    deadline: Duration.Input
  ): Effect.Effect<A, E | AskError> =>
    Effect.suspend(() => {
      const millis = Duration.toMillis(deadline)
      const ask = new Ask(this.#kernel.timers, question)
      const refusal = this.#mailbox.admit(ask)
      if (refusal !== undefined && refusal !== "wait") return Effect.fail(refusal)
      ask.expireAfter(millis, this.path)
      if (refusal === undefined) return ask.answer
      // Waiting for room counts towards the deadline, and the deadline ends that waiting too.
      return Effect.raceFirst(Effect.andThen(this.#mailbox.waitForRoom(ask), Effect.never), ask.answer)
    })

  get ready(): Effect.Effect<void, ActorStopped> {
    return Effect.suspend(() => {
      if (this.#leaving) return Effect.fail(new ActorStopped({ path: this.path }))
      if (this.#state === "running") return Effect.void
      this.#moved ??= Deferred.makeUnsafe<void>()
      return Effect.andThen(Deferred.await(this.#moved), this.ready)
    })
  }

  get ended(): Effect.Effect<Ending> {
    return Effect.suspend(() => {
      if (this.#ending !== undefined) return Effect.succeed(this.#ending)
      this.#ended ??= Deferred.makeUnsafe<Ending>()
      return Deferred.await(this.#ended)
    })
  }

  get stop(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#askToStop()
      // It cannot wait for itself.
      if (this.#life?.isFiber(Fiber.getCurrent())) return Effect.void
      return this.#ending === undefined ? Effect.asVoid(this.ended) : Effect.void
    })
  }

  // ---- as its supervisor sees it

  get leaving(): boolean {
    return this.#leaving
  }

  get node(): ActorNode {
    const { capacity, depth, dropped, overflow } = this.#mailbox
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
    this.#mailbox.incarnate()
    this.startedAt = this.#kernel.timers.now()
    this.#become(this.#signalsReady ? "starting" : "running")
    this.#launch(this)
  }

  startAgain(): void {
    this.restarts++
    this.start()
  }

  get started(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#state !== "starting") return Effect.void
      this.#moved ??= Deferred.makeUnsafe<void>()
      return Deferred.await(this.#moved)
    })
  }

  backOff(error?: string): void {
    if (error !== undefined) this.#lastError = error
    this.#mailbox.restarted()
    this.#become("backoff")
  }

  get halt(): Effect.Effect<void> {
    return Effect.suspend(() => {
      // Its own stop deadline is running already.
      if (this.#leaving) return Effect.asVoid(this.ended)
      if (this.#life === undefined) {
        this.#become("backoff")
        return Effect.void
      }
      if (this.#halted !== undefined) return Deferred.await(this.#halted)
      const halted = Deferred.makeUnsafe<void>()
      this.#halted = halted
      this.#become("stopping")
      this.#interrupt()
      return Deferred.await(halted)
    })
  }

  finish(exit: Ending): void {
    if (this.#ending !== undefined) return
    this.#ending = exit
    this.#leaving = true
    this.#cancelDeadline()
    if (Exit.isFailure(exit)) this.#lastError = errorText(exit.cause)
    this.#become(Exit.isFailure(exit) ? "failed" : "stopped")
    this.#mailbox.shutdown()
    if (this.#stopAsked !== undefined) Deferred.doneUnsafe(this.#stopAsked, Exit.void)
    this.#parent.childLeft(this, exit)
    const ended = this.#ended
    if (ended !== undefined) this.#kernel.soon(() => Deferred.doneUnsafe(ended, Exit.succeed(exit)))
  }

  // ---- as its life sees it

  lifeBegan(life: Life): void {
    this.#life = life
  }

  lifeFinalizes(life: Life): void {
    if (this.#life === life) this.#armGiveUp()
  }

  lifeEnded(life: Life, exit: Exit.Exit<unknown, unknown>): void {
    // One that was given up on may still end one day.
    if (this.#life === life) this.#exited(exit)
  }

  // ---- as it sees itself

  get mailbox(): Mailbox<M> {
    return this.#mailbox
  }

  get signalReady(): Effect.Effect<void> {
    return Effect.sync(() => {
      if (this.#state === "starting") this.#become("running")
    })
  }

  get stopping(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.#mailbox.attend()
      if (this.#leaving) return Effect.void
      this.#stopAsked ??= Deferred.makeUnsafe<void>()
      return Deferred.await(this.#stopAsked)
    })
  }

  #askToStop(): void {
    if (this.#leaving) return
    this.#leaving = true
    this.#become("stopping")
    if (this.#life === undefined) {
      this.finish(Exit.void)
      return
    }
    if (this.#stopAsked !== undefined) Deferred.doneUnsafe(this.#stopAsked, Exit.void)
    // Closing it may end the actor on the spot.
    this.#mailbox.close()
    if (this.#life === undefined || this.#life.finalizing || this.#halted !== undefined) return
    // One that never looked into its mailbox, and has nothing in it, has nothing to work off.
    if (!this.#mailbox.attended && this.#mailbox.depth === 0) this.#interrupt()
    else this.#deadline = this.#kernel.timers.after(this.#stopMillis, () => this.#interrupt())
  }

  #interrupt(): void {
    if (this.#life === undefined || this.#life.finalizing) return
    // Armed first: the interrupt may end the life before it returns.
    this.#armGiveUp()
    this.#life.interrupt()
  }

  #armGiveUp(): void {
    this.#cancelDeadline()
    this.#deadline = this.#kernel.timers.after(this.#stopMillis, () => this.#giveUp())
  }

  /** A fiber cannot be killed: when its finalizers hang it is left behind, loudly. */
  #giveUp(): void {
    this.#exited(Exit.fail(new StopOverrun({ path: this.path, millis: this.#stopMillis })))
  }

  #exited(exit: Exit.Exit<unknown, unknown>): void {
    this.#life = undefined
    this.#cancelDeadline()
    const halted = this.#halted
    this.#halted = undefined
    if (!this.#leaving && halted === undefined) {
      this.#parent.childExited(this, exit)
      return
    }
    const failure = isFailed(exit) && !(this.#leaving && isEndOfMailbox(exit.cause)) ? exit : undefined
    const error = failure && errorText(failure.cause)
    if (error !== undefined) {
      this.#kernel.log("Error", "actor failed while it was stopped", { actor: this.path, error })
    }
    if (this.#leaving) this.finish(failure ?? Exit.void)
    else this.backOff(error)
    if (halted !== undefined) Deferred.doneUnsafe(halted, Exit.void)
  }

  #become(state: ActorState): void {
    if (this.#state !== state) {
      this.#state = state
      this.#since = this.#kernel.wallTime()
    }
    if (state !== "starting" && this.#moved !== undefined) {
      const moved = this.#moved
      this.#moved = undefined
      Deferred.doneUnsafe(moved, Exit.void)
    }
    this.#kernel.changed()
  }

  #cancelDeadline(): void {
    if (this.#deadline === undefined) return
    this.#kernel.timers.cancel(this.#deadline)
    this.#deadline = undefined
  }
}

class OwnContext<in out M> implements ActorContext<M> {
  readonly self: ActorProcess<M>

  constructor(self: ActorProcess<M>) {
    this.self = self
  }
  get path(): string {
    return this.self.path
  }
  get mailbox(): Mailbox<M> {
    return this.self.mailbox
  }
  get ready(): Effect.Effect<void> {
    return this.self.signalReady
  }
  get stopping(): Effect.Effect<void> {
    return this.self.stopping
  }
}

/** An interruption apart, nothing but the end of the mailbox: how an actor ends that was asked to. */
const isEndOfMailbox = (cause: Cause.Cause<unknown>): boolean =>
  cause.reasons.every(
    (reason) => Cause.isInterruptReason(reason) || (Cause.isFailReason(reason) && Cause.isDone(reason.error))
  )

const defaultStopDeadline = Duration.seconds(5)
