import { ChannelCredentials, ServerCredentials } from "@grpc/grpc-js"
import { Redacted } from "effect"

/** How a replayer proves who it is, and whom it lets in. PEM texts. */
export interface ServerTls {
  readonly certificate: string
  readonly key: Redacted.Redacted
  /** With it clients need a certificate of this authority (mutual TLS). */
  readonly clientAuthority: string | null
}

/** How a client knows the replayer, and proves who it is. PEM texts. */
export interface ClientTls {
  /** Who vouches for the replayer; null for the authorities that Node knows. */
  readonly authority: string | null
  /** For mutual TLS. */
  readonly identity: { readonly certificate: string; readonly key: Redacted.Redacted } | null
}

const pem = (text: string): Buffer => Buffer.from(text)

/** Throws where the texts are no certificate or key. */
export const serverCredentials = (tls: ServerTls | null): ServerCredentials =>
  tls === null
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(
        tls.clientAuthority === null ? null : pem(tls.clientAuthority),
        [{ cert_chain: pem(tls.certificate), private_key: pem(Redacted.value(tls.key)) }],
        tls.clientAuthority !== null
      )

/** Throws where the texts are no certificate or key. */
export const channelCredentials = (tls: ClientTls | null): ChannelCredentials => {
  if (tls === null) return ChannelCredentials.createInsecure()
  const authority = tls.authority === null ? null : pem(tls.authority)
  if (tls.identity === null) return ChannelCredentials.createSsl(authority)
  const { key, certificate } = tls.identity
  return ChannelCredentials.createSsl(authority, pem(Redacted.value(key)), pem(certificate))
}

/** How both sides notice that the other one is gone, though the connection stands: a frozen process, a cut cable. */
export interface Keepalive {
  readonly everyMillis: number
  readonly timeoutMillis: number
}

export const defaultKeepalive: Keepalive = { everyMillis: 10_000, timeoutMillis: 5000 }

/** What HTTP/2 lets come in before it is read: batches are hundreds of kilobytes. */
const windowBytes = 4 * 1024 * 1024

export const channelOptions = (keepalive: Keepalive, maxMessageBytes: number) => ({
  "grpc.keepalive_time_ms": keepalive.everyMillis,
  "grpc.keepalive_timeout_ms": keepalive.timeoutMillis,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
  "grpc-node.flow_control_window": windowBytes
})
