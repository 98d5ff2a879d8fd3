import { Context, Effect, Exit, type Fiber, References, Scope, Tracer } from "effect"
import { isFailed } from "./ErrorText.ts"

/** Whose life it is. Told synchronously, in no particular fiber. */
export interface Living {
  /** Before the code runs. */
  readonly lifeBegan: (life: Life) => void
  /** The code has ended; finalizers that take their time are at work. */
  readonly lifeFinalizes: (life: Life) => void
  readonly lifeEnded: (life: Life, exit: Exit.Exit<unknown, unknown>) => void
}

/** One life of an actor: a fiber that runs its code, a scope that owns what it opens, then the scope's finalizers. */
export class Life {
  readonly #owner: Living
  readonly #scope = Scope.makeUnsafe()
  #fiber: Fiber.Fiber<unknown, unknown> | undefined
  #finalizing = false

  constructor(owner: Living) {
    this.#owner = owner
  }

  /** The code has ended, only finalizers run. */
  get finalizing(): boolean {
    return this.#finalizing
  }

  isFiber(fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean {
    return this.#fiber !== undefined && this.#fiber === fiber
  }

  /** Once. The code's first steps run at once, on the caller's stack. */
  begin<E, R>(
    context: Context.Context<Exclude<R, Scope.Scope>>,
    code: () => Effect.Effect<void, E, R | Scope.Scope>
  ): void {
    // Exclude and the scope make up R | Scope again, which the compiler cannot see for an open R.
    const inScope = Context.add(context, Scope.Scope, this.#scope) as Context.Context<R | Scope.Scope>
    const program = Effect.withFiber<void, E, R | Scope.Scope>((fiber) => {
      this.#fiber = fiber
      this.#owner.lifeBegan(this)
      fiber.addObserver((exit) => this.#finalize(context, exit))
      return code()
    })
    Effect.runForkWith(inScope)(program)
  }

  /** Ends the code; finalizers are not interrupted. */
  interrupt(): void {
    if (!this.#finalizing) this.#fiber?.interruptUnsafe()
  }

  #finalize(context: Context.Context<never>, exit: Exit.Exit<unknown, unknown>): void {
    this.#finalizing = true
    const finalizers = Scope.closeUnsafe(this.#scope, exit)
    if (finalizers === undefined) {
      this.#owner.lifeEnded(this, exit)
      return
    }
    this.#owner.lifeFinalizes(this)
    const closing = Effect.runForkWith(context)(finalizers, { uninterruptible: true })
    closing.addObserver((closed) => {
      // A finalizer that failed is this life's failure, unless there is one already.
      this.#owner.lifeEnded(this, Exit.isFailure(closed) && !isFailed(exit) ? closed : exit)
    })
  }
}

/** The spawner's context for an actor that outlives the spawner: its logs name the actor, its spans are its own. */
export const lastingContext = <R>(context: Context.Context<R>, path: string): Context.Context<R> => {
  const named = Context.add(context, References.CurrentLogAnnotations, {
    ...Context.get(context, References.CurrentLogAnnotations),
    actor: path
  })
  if (Context.getOption(context, Tracer.ParentSpan)._tag === "None") return named
  // No actor can require the parent span, a caller's accident: taking it out takes nothing from R.
  return Context.omit(Tracer.ParentSpan)(named) as Context.Context<R>
}
