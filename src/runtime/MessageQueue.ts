import { Effect, MutableList, type Scheduler } from "effect"

interface Sender<A> {
  readonly message: A
  readonly resume: (admitted: Effect.Effect<boolean>) => void
}

/**
 * A bounded first-in first-out queue, smaller and quicker than Effect's general one: what waiting needs is made when
 * somebody waits, and taking is synchronous, so that a mailbox can do its bookkeeping in the same step.
 *
 * Open, then ended (nothing new comes in, what is in can be taken), then done.
 */
export class MessageQueue<in out A> {
  readonly capacity: number
  readonly #dispatcher: Scheduler.SchedulerDispatcher
  readonly #messages = MutableList.make<A>()
  /** In the order they came. Rarely more than one. */
  #takers: Array<() => void> | undefined
  #senders: Set<Sender<A>> | undefined
  #ended = false
  #done = false
  #waking = false

  private constructor(capacity: number, dispatcher: Scheduler.SchedulerDispatcher) {
    this.capacity = capacity
    this.#dispatcher = dispatcher
  }

  static readonly make = <A>(capacity: number): Effect.Effect<MessageQueue<A>> =>
    Effect.withFiber((fiber) => Effect.succeed(new MessageQueue(capacity, fiber.currentDispatcher)))

  get size(): number {
    return this.#messages.length
  }

  /** Nothing is in and nothing will come. */
  get done(): boolean {
    return this.#done
  }

  /** Whether it went in: not when it is full, nor when the queue has ended. */
  offer(message: A): boolean {
    if (this.#ended || this.#messages.length >= this.capacity) return false
    MutableList.append(this.#messages, message)
    this.#wakeSoon()
    return true
  }

  /** Waits for room. False when the queue was shut down before there was any. */
  offerWhenRoom(message: A): Effect.Effect<boolean> {
    return Effect.callback((resume) => {
      if (this.#ended || this.offer(message)) return resume(Effect.succeed(!this.#ended))
      const sender = { message, resume }
      this.#senders ??= new Set()
      this.#senders.add(sender)
      return Effect.sync(() => {
        this.#senders?.delete(sender)
        this.#settle()
      })
    })
  }

  /** The oldest message, or `Empty` where there is none: a message may be undefined. */
  poll(): A | MutableList.Empty {
    const message = MutableList.take(this.#messages)
    if (message === MutableList.Empty) return message
    if (this.#senders !== undefined) this.#admit(this.#senders)
    if (this.#ended) this.#settle()
    else if (this.#messages.length > 0) this.#wakeSoon()
    return message
  }

  /** Goes on with the effect once there is a message, or the queue is done. */
  whenMessage<B, E>(then: Effect.Effect<B, E>): Effect.Effect<B, E> {
    return Effect.callback((resume) => {
      if (this.#done || this.#messages.length > 0) return resume(then)
      const taker = () => resume(then)
      if (this.#takers === undefined) this.#takers = [taker]
      else this.#takers.push(taker)
      return Effect.sync(() => this.#forget(taker))
    })
  }

  /** Nothing new comes in. Senders that wait already count as in. */
  end(): void {
    this.#ended = true
    this.#settle()
  }

  /** Throws away what is in, and what waits to come in. */
  shutdown(): void {
    this.#ended = true
    MutableList.clear(this.#messages)
    const senders = this.#senders
    this.#senders = undefined
    for (const sender of senders ?? []) sender.resume(Effect.succeed(false))
    this.#settle()
  }

  #admit(senders: Set<Sender<A>>): void {
    for (const sender of senders) {
      if (this.#messages.length >= this.capacity) return
      senders.delete(sender)
      MutableList.append(this.#messages, sender.message)
      sender.resume(Effect.succeed(true))
    }
  }

  #forget(taker: () => void): void {
    const index = this.#takers?.indexOf(taker) ?? -1
    if (index >= 0) this.#takers?.splice(index, 1)
  }

  #settle(): void {
    if (!this.#ended || this.#done || this.#messages.length > 0 || (this.#senders?.size ?? 0) > 0) return
    this.#done = true
    for (const taker of this.#takers?.splice(0) ?? []) taker()
  }

  /** Takers are woken by the scheduler, never on the stack of a sender. */
  #wakeSoon(): void {
    if (this.#waking || this.#takers === undefined || this.#takers.length === 0) return
    this.#waking = true
    this.#dispatcher.scheduleTask(() => {
      this.#waking = false
      while (this.#messages.length > 0) {
        const taker = this.#takers?.shift()
        if (taker === undefined) return
        taker()
      }
    }, 0)
  }
}
