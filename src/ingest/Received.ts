import type { Lsn } from "../domain/Lsn.ts"
import type { ReplicationMessage } from "./ReplicationMessage.ts"

/** The server has sent everything that there is to send up to here. Stands among the messages in its order. */
export interface Keepalive {
  readonly _tag: "Keepalive"
  readonly lsn: Lsn
}

/** What comes through a slot's connection. */
export type Received = ReplicationMessage | Keepalive
