import type { BaseOptions } from "@platformatic/kafka"
import { Redacted } from "effect"
import type { Compression } from "./RecordBatch.ts"

export interface KafkaCredentials {
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512"
  readonly username: string
  readonly password: Redacted.Redacted
}

export interface KafkaTls {
  /** Certificates of the authorities to trust, PEM. Default: Node's own. */
  readonly ca?: string
  /** For mutual TLS, PEM. */
  readonly cert?: string
  readonly key?: Redacted.Redacted
}

/** How a cluster is reached. */
export interface KafkaConnection {
  /** `host:port` of some of its brokers. */
  readonly brokers: ReadonlyArray<string>
  readonly credentials?: KafkaCredentials
  /** Plain connections if not given. */
  readonly tls?: KafkaTls
  /** How we appear in the broker's logs and quotas. Default `walstream`. */
  readonly clientId?: string
  /**
   * How long an answer may take, in milliseconds. A broker that is frozen or cut off leaves its connections open. Default
   * 10 000: a little longer than a cluster takes to elect other leaders (`broker.session.timeout.ms`, 9000).
   */
  readonly answerMillis?: number
}

const defaultAnswerMillis = 10_000

/** What the topic gets when we create it. An existing topic is left as it is, and checked. */
export interface KafkaTopicOptions {
  /** Default 8. */
  readonly partitions?: number
  /** How long changes are kept, by commit time, in milliseconds. Default: for ever. */
  readonly retentionMs?: number
  /** How many bytes a partition keeps. Default: all. */
  readonly retentionBytes?: number
  /** Default: 3, or as many as there are brokers. An existing topic that has fewer than are asked for is refused. */
  readonly replicationFactor?: number
  /** How many replicas must have a record before it counts as stored, at least; for an existing topic, too. Default 2. */
  readonly minInsyncReplicas?: number
}

export interface KafkaArchiveOptions extends KafkaConnection {
  /** The topic of the changes; `<topic>.meta` lies beside it. */
  readonly topic: string
  /** The source's name. A topic that holds the log of another one is refused. */
  readonly source: string
  /** One process appends; in all others the archive only follows what is there. */
  readonly role: "writer" | "reader"
  readonly create?: KafkaTopicOptions
  /** Default `lz4`; `zstd` (level 1) is about as much work and stores half. */
  readonly compression?: Compression
  /** After about how many changes a place is kept in the meta topic, from which reads may start. Default 20000. */
  readonly indexChanges?: number
}

/** The client's own options. */
export const clientOptions = (
  options: KafkaConnection
): BaseOptions & { readonly requestTimeout: number } => ({
  clientId: options.clientId ?? "walstream",
  bootstrapBrokers: [...options.brokers],
  connectTimeout: 5000,
  requestTimeout: options.answerMillis ?? defaultAnswerMillis,
  retryDelay: 250,
  autocreateTopics: false,
  ...(options.credentials === undefined
    ? {}
    : {
        sasl: {
          mechanism: options.credentials.mechanism,
          username: options.credentials.username,
          password: Redacted.value(options.credentials.password)
        }
      }),
  ...(options.tls === undefined
    ? {}
    : {
        tls: {
          ...(options.tls.ca === undefined ? {} : { ca: options.tls.ca }),
          ...(options.tls.cert === undefined ? {} : { cert: options.tls.cert }),
          ...(options.tls.key === undefined ? {} : { key: Redacted.value(options.tls.key) })
        }
      })
})
