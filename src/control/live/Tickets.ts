import { createHash, randomBytes } from "node:crypto"
import { Context, type Effect, Schema } from "effect"
import { PrincipalFields } from "../api/Principal.ts"

/** Who a ticket stands for. */
export const TicketHolder = PrincipalFields
export type TicketHolder = typeof TicketHolder.Type

/** Where tickets are kept does not answer. */
export class TicketsError extends Schema.TaggedError<TicketsError>()("TicketsError", {
  detail: Schema.String
}) {
  override get message(): string {
    return `tickets: ${this.detail}`
  }
}

/** Seconds that a ticket is good for. */
export const ticketSeconds = 30

/** Opens one stream, once, within half a minute: what stands in an address may be written down on the way. */
export class Tickets extends Context.Service<
  Tickets,
  {
    readonly issue: (holder: TicketHolder) => Effect.Effect<string, TicketsError>
    /** Null for one that is not known, was used, or is past its time. It is used up by this. */
    readonly redeem: (ticket: string) => Effect.Effect<TicketHolder | null, TicketsError>
  }
>()("walstream/control/live/Tickets") {}

/** 256 bits. */
export const newTicket = (): string => randomBytes(32).toString("base64url")

/** What is kept of it. */
export const ticketKey = (ticket: string): string => createHash("sha256").update(ticket).digest("base64url")
