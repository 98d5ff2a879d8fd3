import type { Lsn } from "../domain/Lsn.ts"
import { microsFromMillis, postgresEpoch } from "../domain/Micros.ts"

/**
 * The message by which PostgreSQL learns what it may forget: 34 bytes, all three positions the same.
 * The position is the end of a commit record, exactly: one byte more can skip the next transaction.
 * `reply` asks the server for a keepalive.
 */
export const standbyStatus = (confirmed: Lsn, wallMillis: number, reply: boolean): Buffer => {
  const message = Buffer.allocUnsafe(34)
  message[0] = 0x72 // 'r'
  message.writeBigUInt64BE(confirmed, 1) // written
  message.writeBigUInt64BE(confirmed, 9) // flushed
  message.writeBigUInt64BE(confirmed, 17) // applied
  message.writeBigInt64BE(BigInt(Math.round(microsFromMillis(wallMillis) - postgresEpoch)), 25)
  message[33] = reply ? 1 : 0
  return message
}
