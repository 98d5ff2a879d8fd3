import { Schema } from "effect"

/** The mailbox is full and its overflow policy drops or refuses: the message was not, or will not be, handled. */
export class MailboxFull extends Schema.TaggedError<MailboxFull>()("MailboxFull", { path: Schema.String }) {
  override get message(): string {
    return `the mailbox of ${this.path} is full`
  }
  get isRetryable(): boolean {
    return true
  }
}

/** The actor has ended for good, or is being stopped and takes no new messages. */
export class ActorStopped extends Schema.TaggedError<ActorStopped>()("ActorStopped", {
  path: Schema.String
}) {
  override get message(): string {
    return `${this.path} has stopped`
  }
  get isRetryable(): boolean {
    return false
  }
}

/** The actor was restarted while it handled the question. Whether it took effect is unknown. */
export class ActorRestarted extends Schema.TaggedError<ActorRestarted>()("ActorRestarted", {
  path: Schema.String
}) {
  override get message(): string {
    return `${this.path} was restarted before it replied`
  }
  get isRetryable(): boolean {
    return true
  }
}

/** No reply within the deadline. The message may still be handled later. */
export class AskTimeout extends Schema.TaggedError<AskTimeout>()("AskTimeout", {
  path: Schema.String,
  millis: Schema.Finite
}) {
  override get message(): string {
    return `${this.path} did not reply within ${this.millis} ms`
  }
  get isRetryable(): boolean {
    return true
  }
}

/** The supervisor already has a child of this name. */
export class NameTaken extends Schema.TaggedError<NameTaken>()("NameTaken", { path: Schema.String }) {
  override get message(): string {
    return `there already is an actor ${this.path}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/** The supervisor has ended, or is being stopped, and starts nothing any more. */
export class SupervisorStopped extends Schema.TaggedError<SupervisorStopped>()("SupervisorStopped", {
  path: Schema.String
}) {
  override get message(): string {
    return `supervisor ${this.path} has stopped`
  }
  get isRetryable(): boolean {
    return false
  }
}

/** A child failed more often than the supervisor's intensity permits: the failure goes to the level above. */
export class RestartsExceeded extends Schema.TaggedError<RestartsExceeded>()("RestartsExceeded", {
  /** The supervisor that gives up. */
  path: Schema.String,
  /** The child whose failure was one too many. */
  child: Schema.String,
  /** Restarts that were granted within the period. */
  restarts: Schema.Int,
  /** The child's last error, as shown in the tree. */
  lastError: Schema.String
}) {
  override get message(): string {
    return `supervisor ${this.path} gives up after ${this.restarts} restarts: ${this.child} failed: ${this.lastError}`
  }
  get isRetryable(): boolean {
    return false
  }
}

/** The actor, interrupted or with its finalizers at work, did not end within its stop deadline. Its fiber was left behind. */
export class StopOverrun extends Schema.TaggedError<StopOverrun>()("StopOverrun", {
  path: Schema.String,
  millis: Schema.Finite
}) {
  override get message(): string {
    return `${this.path} did not end within ${this.millis} ms and was left behind`
  }
  get isRetryable(): boolean {
    return false
  }
}

/** Why a message was not taken. */
export type TellError = MailboxFull | ActorStopped

/** Why a question got no answer. */
export type AskError = TellError | ActorRestarted | AskTimeout

/** Why an actor was not started. */
export type SpawnError = NameTaken | SupervisorStopped
