import { type Array as Arr, Cause, Effect, MutableList, Stream } from "effect"
import { ActorRestarted, ActorStopped, MailboxFull, type TellError } from "./ActorError.ts"
import { MessageQueue } from "./MessageQueue.ts"
import { Ask, type Question } from "./Reply.ts"

/**
 * What happens to a message that finds the mailbox full: its sender waits for room, it is refused with
 * `MailboxFull`, or it takes the place of the oldest one, which is counted as dropped.
 */
export type Overflow = "wait" | "reject" | "drop-oldest"

export interface MailboxOptions {
  /** Messages it holds at most. Default 256. */
  readonly capacity?: number
  /** Default "wait". */
  readonly overflow?: Overflow
}

/** A mailbox as its actor sees it. */
export type Inbox<M> = Pick<
  Mailbox<M>,
  "capacity" | "overflow" | "depth" | "dropped" | "take" | "takeAll" | "takeBatch" | "messages"
>

type Item<M> = M | Question<M>

/**
 * An actor's bounded mailbox. It outlives restarts: what is in it is handled by the next incarnation.
 *
 * The takes fail with `Done` once the actor is being stopped and the mailbox is empty: a loop over them ends by
 * itself, and the kit counts that end as an orderly one.
 */
export class Mailbox<in out M> {
  readonly path: string
  readonly capacity: number
  readonly overflow: Overflow
  readonly #queue: MessageQueue<Item<M>>
  // What few mailboxes need is made when it is asked for: there may be 100,000 of them.
  #take: Effect.Effect<M, Cause.Done> | undefined
  #takeAll: Effect.Effect<Arr.NonEmptyArray<M>, Cause.Done> | undefined
  #unanswered: Set<Question<unknown>> | undefined
  #dropped = 0
  #closed = false
  #attended = false

  private constructor(path: string, overflow: Overflow, queue: MessageQueue<Item<M>>) {
    this.path = path
    this.overflow = overflow
    this.capacity = queue.capacity
    this.#queue = queue
  }

  static readonly make = <M>(path: string, options: MailboxOptions = {}): Effect.Effect<Mailbox<M>> =>
    Effect.map(
      MessageQueue.make<Item<M>>(Math.max(1, Math.trunc(options.capacity ?? 256))),
      (queue) => new Mailbox(path, options.overflow ?? "wait", queue)
    )

  /** Messages waiting now; senders that wait for room are not counted. */
  get depth(): number {
    return this.#queue.size
  }

  /** Messages lost to "drop-oldest" so far. */
  get dropped(): number {
    return this.#dropped
  }

  /** Takes no new messages. */
  get closed(): boolean {
    return this.#closed
  }

  /** Whether this incarnation of the actor has ever looked here: one that does not has nothing to drain. */
  get attended(): boolean {
    return this.#attended
  }

  /** The oldest message, waited for. */
  get take(): Effect.Effect<M, Cause.Done> {
    if (this.#take === undefined) {
      const take: Effect.Effect<M, Cause.Done> = Effect.suspend(() => {
        this.#attended = true
        const item = this.#queue.poll()
        if (item !== MutableList.Empty) return Effect.succeed(this.#open(item))
        return this.#queue.done ? Cause.done() : waiting
      })
      const waiting = this.#queue.whenMessage(take)
      this.#take = take
    }
    return this.#take
  }

  /** Everything that is there, waited for until there is at least one. */
  get takeAll(): Effect.Effect<Arr.NonEmptyArray<M>, Cause.Done> {
    this.#takeAll ??= this.takeBatch(Number.POSITIVE_INFINITY)
    return this.#takeAll
  }

  /** One to `max` messages, as many as are there, waited for until there is one. */
  takeBatch(max: number): Effect.Effect<Arr.NonEmptyArray<M>, Cause.Done> {
    const batch: Effect.Effect<Arr.NonEmptyArray<M>, Cause.Done> = Effect.suspend(() => {
      this.#attended = true
      const first = this.#queue.poll()
      if (first === MutableList.Empty) return this.#queue.done ? Cause.done() : waiting
      const messages: Arr.NonEmptyArray<M> = [this.#open(first)]
      while (messages.length < max) {
        const next = this.#queue.poll()
        if (next === MutableList.Empty) break
        messages.push(this.#open(next))
      }
      return Effect.succeed(messages)
    })
    const waiting = this.#queue.whenMessage(batch)
    return batch
  }

  /** The messages in order, as many at a time as are there. Ends when the actor is stopped and all is handled. */
  get messages(): Stream.Stream<M> {
    return Stream.fromPull(Effect.succeed(this.takeAll))
  }

  /** Puts a message in, by the overflow policy. */
  offer(message: M): Effect.Effect<void, TellError> {
    return Effect.suspend(() => {
      const refusal = this.admit(message)
      if (refusal === undefined) return Effect.void
      return refusal === "wait" ? this.waitForRoom(message) : Effect.fail(refusal)
    })
  }

  /** For the kit: puts a message or a question in, or says what stands against it. */
  admit(item: Item<M>): TellError | "wait" | undefined {
    if (this.#closed) return new ActorStopped({ path: this.path })
    if (!this.#queue.offer(item)) {
      if (this.overflow === "wait") return "wait"
      if (this.overflow === "reject") return new MailboxFull({ path: this.path })
      this.#dropOldest()
      this.#queue.offer(item)
    }
    if (isQuestion(item)) this.#register(item)
    return undefined
  }

  /** For the kit: puts it in as soon as there is room. */
  waitForRoom(item: Item<M>): Effect.Effect<void, ActorStopped> {
    if (isQuestion(item)) this.#register(item)
    return Effect.flatMap(this.#queue.offerWhenRoom(item), (admitted) =>
      admitted ? Effect.void : Effect.fail(new ActorStopped({ path: this.path }))
    )
  }

  /** For the kit: nothing new comes in, what is in can be taken. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#queue.end()
  }

  /** For the kit: an incarnation begins. */
  incarnate(): void {
    this.#attended = false
  }

  /** For the kit: whoever stops the actor leaves it its stop deadline. */
  attend(): void {
    this.#attended = true
  }

  /** For the kit: the incarnation has ended. The questions it had in hand are lost, what is still in here is kept. */
  restarted(): void {
    for (const question of [...(this.#unanswered ?? [])])
      if (question.taken) question.refuse(new ActorRestarted({ path: this.path }))
  }

  /** For the kit: the actor has ended. Everybody who still waits is told. */
  shutdown(): void {
    this.#closed = true
    for (const question of [...(this.#unanswered ?? [])])
      question.refuse(new ActorStopped({ path: this.path }))
    this.#queue.shutdown()
  }

  #open(item: Item<M>): M {
    if (!isQuestion(item)) return item
    item.taken = true
    return item.message
  }

  #register(question: Question<M>): void {
    this.#unanswered ??= new Set()
    question.register(this.#unanswered)
  }

  #dropOldest(): void {
    const oldest = this.#queue.poll()
    if (oldest === MutableList.Empty) return
    this.#dropped++
    if (isQuestion(oldest)) oldest.refuse(new MailboxFull({ path: this.path }))
  }
}

const isQuestion = <M>(item: Item<M>): item is Question<M> => item instanceof Ask
