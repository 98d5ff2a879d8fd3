import { rootCertificates } from "node:tls"
import { ChannelCredentials, experimental, ServerCredentials } from "@grpc/grpc-js"
import { Effect, type Redacted, Stream } from "effect"
import { Certificates, type Pems } from "./Certificates.ts"

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

/** What a side of the connection is made with, and what gives it other certificates from then on. */
export interface Secured<Credentials, Tls> {
  readonly credentials: Credentials
  /** Throws where the texts are no certificate or key; what was before then stays. */
  readonly renew: (tls: Tls) => void
}

const pemsOf = ({ certificate, key, clientAuthority }: ServerTls): Pems => ({
  identity: { certificate, key },
  authority: clientAuthority
})

/** Throws where the texts are no certificate or key. */
export const serverCredentials = (tls: ServerTls | null): Secured<ServerCredentials, ServerTls> => {
  if (tls === null) return { credentials: ServerCredentials.createInsecure(), renew: () => undefined }
  const certificates = new Certificates(pemsOf(tls))
  const asksClients = tls.clientAuthority !== null
  return {
    // Its parameters are called the other way round than they are used.
    credentials: experimental.createCertificateProviderServerCredentials(
      certificates,
      asksClients ? certificates : null,
      asksClients
    ),
    renew: (next) => certificates.replace(pemsOf(next))
  }
}

const withAuthority = (tls: ClientTls): Pems => ({
  identity: tls.identity,
  authority: tls.authority ?? rootCertificates.join("\n")
})

/** Throws where the texts are no certificate or key. */
export const channelCredentials = (tls: ClientTls | null): Secured<ChannelCredentials, ClientTls> => {
  if (tls === null) return { credentials: ChannelCredentials.createInsecure(), renew: () => undefined }
  const certificates = new Certificates(withAuthority(tls))
  return {
    credentials: experimental.createCertificateProviderChannelCredentials(
      certificates,
      tls.identity === null ? null : certificates
    ),
    renew: (next) => certificates.replace(withAuthority(next))
  }
}

/** Takes up what comes: from the next connection on. What cannot be used is told and passed over. */
export const renewing = <Tls>(
  renewals: Stream.Stream<Tls>,
  { renew }: Pick<Secured<unknown, Tls>, "renew">
): Effect.Effect<void> =>
  Stream.runForEach(renewals, (tls) =>
    Effect.try(() => renew(tls)).pipe(
      Effect.matchEffect({
        onFailure: () =>
          Effect.logWarning(
            "the certificates between workers and replayer cannot be used: those before stay"
          ),
        onSuccess: () => Effect.logInfo("the certificates between workers and replayer were read anew")
      })
    )
  )

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
