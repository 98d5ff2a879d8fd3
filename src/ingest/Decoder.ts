import type { ReplicationMessage } from "./ReplicationMessage.ts"

/**
 * Reads an output plugin's messages. It keeps what the protocol says once (relations, types, the open stream),
 * so one connection has one decoder, and every message goes through it, in order.
 */
export interface Decoder {
  /**
   * Reads one message (the payload of one XLogData, from `start` to `end`, where given) and appends what it says: nothing,
   * one or two messages. A change may be taken into the message that is last in `into`, until somebody looks at that.
   * Keeps no view of `message`. Throws a DecodeError; after that the decoder is of no more use.
   */
  readonly decode: (message: Buffer, into: Array<ReplicationMessage>, start?: number, end?: number) => void
}
