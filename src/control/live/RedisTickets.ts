import { Effect, Layer, type Redacted, Schema } from "effect"
import { RedisClient } from "../../log/redis/RedisClient.ts"
import { script } from "../../log/redis/Scripts.ts"
import { newTicket, TicketHolder, Tickets, TicketsError, ticketKey, ticketSeconds } from "./Tickets.ts"

export interface RedisTicketsOptions {
  readonly url: Redacted.Redacted
  /** What every key begins with. */
  readonly key: string
}

const deadlineMillis = 1000

/** ARGV: the ticket's key, whose it is, milliseconds. */
const issueScript = script(`
local key = KEYS[1] .. ':' .. ARGV[1]
redis.call('HSET', key, 'of', ARGV[2])
redis.call('PEXPIRE', key, ARGV[3])
return 1
`)

/** ARGV: the ticket's key. Whoever comes second finds nothing. */
const redeemScript = script(`
local key = KEYS[1] .. ':' .. ARGV[1]
local of = redis.call('HGET', key, 'of')
if of then redis.call('DEL', key) end
return of
`)

const Text = Schema.fromJsonString(TicketHolder)
const encode = Schema.encodeSync(Text)
const decodeAnswer = Schema.decodeUnknownEffect(Schema.NullOr(Text))

/** In Redis, for all control processes: a ticket of one opens a stream at another. */
export const layerRedisTickets = ({ url, key }: RedisTicketsOptions): Layer.Layer<Tickets> =>
  Layer.effect(
    Tickets,
    Effect.gen(function* () {
      const client = new RedisClient({ url, key, store: "redis", deadline: deadlineMillis })
      yield* Effect.addFinalizer(() => client.close)
      const failed = (error: { readonly message: string }) => new TicketsError({ detail: error.message })
      return {
        issue: Effect.fnUntraced(function* (holder) {
          const ticket = newTicket()
          const args = [ticketKey(ticket), encode(holder), ticketSeconds * 1000]
          yield* Effect.mapError(client.run(issueScript, args), failed)
          return ticket
        }),
        redeem: (ticket) =>
          client
            .run(redeemScript, [ticketKey(ticket)])
            .pipe(Effect.flatMap(decodeAnswer), Effect.mapError(failed))
      }
    })
  )
