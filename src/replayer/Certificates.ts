import { createSecureContext } from "node:tls"
import type { experimental } from "@grpc/grpc-js"
import { Redacted } from "effect"

/** What one side shows and whom it believes, as PEM texts. */
export interface Pems {
  readonly identity: { readonly certificate: string; readonly key: Redacted.Redacted } | null
  readonly authority: string | null
}

type OnIdentity = experimental.IdentityCertificateUpdateListener
type OnAuthority = experimental.CaCertificateUpdateListener

/** Throws where the texts are no certificate or key, or do not belong together. */
const check = ({ identity, authority }: Pems): void => {
  createSecureContext({
    ...(identity === null ? {} : { cert: identity.certificate, key: Redacted.value(identity.key) }),
    ...(authority === null ? {} : { ca: authority })
  })
}

/**
 * Certificates that are replaced while the process runs: connections that stand keep what they began with, new ones get
 * the new. The library's own provider reads files by itself and would give up what is good for what is half written.
 */
export class Certificates implements experimental.CertificateProvider {
  #pems: Pems
  readonly #onIdentity = new Set<OnIdentity>()
  readonly #onAuthority = new Set<OnAuthority>()

  /** Throws where the texts are no certificate or key. */
  constructor(pems: Pems) {
    check(pems)
    this.#pems = pems
  }

  /** Throws where the texts are no certificate or key; those before are then still good. */
  replace(pems: Pems): void {
    check(pems)
    this.#pems = pems
    for (const listener of this.#onIdentity) this.#tellIdentity(listener)
    for (const listener of this.#onAuthority) this.#tellAuthority(listener)
  }

  addIdentityCertificateListener(listener: OnIdentity): void {
    this.#onIdentity.add(listener)
    // Who listens is not ready before its call has returned.
    process.nextTick(() => this.#tellIdentity(listener))
  }
  removeIdentityCertificateListener(listener: OnIdentity): void {
    this.#onIdentity.delete(listener)
  }
  addCaCertificateListener(listener: OnAuthority): void {
    this.#onAuthority.add(listener)
    process.nextTick(() => this.#tellAuthority(listener))
  }
  removeCaCertificateListener(listener: OnAuthority): void {
    this.#onAuthority.delete(listener)
  }

  #tellIdentity(listener: OnIdentity): void {
    const { identity } = this.#pems
    listener(
      identity === null
        ? null
        : {
            certificate: Buffer.from(identity.certificate),
            privateKey: Buffer.from(Redacted.value(identity.key))
          }
    )
  }
  #tellAuthority(listener: OnAuthority): void {
    const { authority } = this.#pems
    listener(authority === null ? null : { caCertificate: Buffer.from(authority) })
  }
}
