import { Clock, Effect, Layer } from "effect"
import { newTicket, type TicketHolder, Tickets, ticketKey, ticketSeconds } from "./Tickets.ts"

/** Tickets that are remembered at most; the oldest are forgotten first. */
const most = 10_000

/** In the memory of this process, which has to be the one that is connected to. */
export const layerMemoryTickets: Layer.Layer<Tickets> = Layer.sync(Tickets, () => {
  const held = new Map<string, { readonly holder: TicketHolder; readonly until: number }>()

  const makeRoom = (now: number): void => {
    // In the order in which they were issued, which is that of their ends.
    for (const [key, { until }] of held) {
      if (until > now && held.size < most) return
      held.delete(key)
    }
  }

  return {
    issue: (holder) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        makeRoom(now)
        const ticket = newTicket()
        held.set(ticketKey(ticket), { holder, until: now + ticketSeconds * 1000 })
        return ticket
      }),
    redeem: (ticket) =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const key = ticketKey(ticket)
        const found = held.get(key)
        held.delete(key)
        return found === undefined || found.until <= now ? null : found.holder
      })
  }
})
