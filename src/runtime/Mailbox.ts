import { type Array as Arr, type Cause, Effect, Queue, Stream } from "effect"
import { ActorRestarted, ActorStopped, MailboxFull, type TellError } from "./ActorError.ts"
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
  readonly #queue: Queue.Queue<Item<M>, Cause.Done>
  // What few mailboxes need is made when it is asked for: there may be 100,000 of them.
  #take: Effect.Effect<M, Cause.Done> | undefined
  #takeAll: Effect.Effect<Arr.NonEmptyArray<M>, Cause.Done> | undefined
  #unanswered: Set<Question<unknown>> | undefined
  #dropped = 0
  #closed = false
  #attended = false

  private constructor(
    path: string,
    options: Required<MailboxOptions>,
    queue: Queue.Queue<Item<M>, Cause.Done>
  ) {
    this.path = path
    this.capacity = options.capacity
    this.overflow = options.overflow
    this.#queue = queue
  }

  static readonly make = <M>(path: string, options: MailboxOptions = {}): Effect.Effect<Mailbox<M>> => {
    const capacity = Math.max(1, Math.trunc(options.capacity ?? 256))
    return Effect.map(
      Queue.bounded<Item<M>, Cause.Done>(capacity),
      (queue) => new Mailbox(path, { capacity, overflow: options.overflow ?? "wait" }, queue)
    )
  }

  /** Messages waiting now; senders that wait for room are not counted. */
  get depth(): number {
    return Queue.sizeUnsafe(this.#queue)
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
    this.#take ??= Effect.suspend(() => {
      this.#attended = true
      const exit = Queue.takeUnsafe(this.#queue)
      if (exit === undefined) return this.#waited(this.take)
      return exit._tag === "Success" ? Effect.succeed(this.#open(exit.value)) : Effect.failCause(exit.cause)
    })
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
      const first = Queue.takeUnsafe(this.#queue)
      if (first === undefined) return this.#waited(batch)
      if (first._tag === "Failure") return Effect.failCause(first.cause)
      const messages: Arr.NonEmptyArray<M> = [this.#open(first.value)]
      while (messages.length < max) {
        const next = Queue.takeUnsafe(this.#queue)
        if (next === undefined || next._tag === "Failure") break
        messages.push(this.#open(next.value))
      }
      return Effect.succeed(messages)
    })
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
    if (!Queue.offerUnsafe(this.#queue, item)) {
      if (this.overflow === "wait") return "wait"
      if (this.overflow === "reject") return new MailboxFull({ path: this.path })
      this.#dropOldest()
      Queue.offerUnsafe(this.#queue, item)
    }
    if (isQuestion(item)) this.#register(item)
    return undefined
  }

  /** For the kit: puts it in as soon as there is room. */
  waitForRoom(item: Item<M>): Effect.Effect<void, ActorStopped> {
    if (isQuestion(item)) this.#register(item)
    return Effect.flatMap(Queue.offer(this.#queue, item), (admitted) =>
      admitted ? Effect.void : Effect.fail(new ActorStopped({ path: this.path }))
    )
  }

  /** For the kit: nothing new comes in, what is in can be taken. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    Queue.endUnsafe(this.#queue)
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
    Queue.shutdownUnsafe(this.#queue)
  }

  /** Retries once there is something. Taking happens in one step with the bookkeeping: no interrupt comes between. */
  #waited<A>(take: Effect.Effect<A, Cause.Done>): Effect.Effect<A, Cause.Done> {
    return Effect.flatMap(Queue.peek(this.#queue), () => take)
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
    const oldest = Queue.takeUnsafe(this.#queue)
    if (oldest?._tag !== "Success") return
    this.#dropped++
    if (isQuestion(oldest.value)) oldest.value.refuse(new MailboxFull({ path: this.path }))
  }
}

const isQuestion = <M>(item: Item<M>): item is Question<M> => item instanceof Ask
