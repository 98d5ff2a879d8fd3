import { Metadata, type ServiceError, status } from "@grpc/grpc-js"
import type { TargetErrorReason } from "../replay/TargetError.ts"
import { TargetError } from "../replay/TargetError.ts"
import { positionFromWire, positionToWire } from "./ChangeWire.ts"
import { Status } from "./generated/google/rpc/status.ts"
import { TargetFailure } from "./generated/walstream/v1/replayer.ts"
import { fromWide } from "./WireNumber.ts"

type ReasonWire = NonNullable<TargetFailure["reason"]>

const reasonToWire = (reason: TargetErrorReason): ReasonWire => {
  switch (reason._tag) {
    case "Unavailable":
      return { $case: "unavailable", value: { detail: reason.detail } }
    case "Fenced": {
      const value = { mine: BigInt(reason.mine), theirs: BigInt(reason.theirs) }
      return { $case: "fenced", value }
    }
    case "Moved":
      return { $case: "moved", value: { position: positionToWire(reason) } }
    case "Rejected": {
      const { table, sqlState, detail } = reason
      return { $case: "rejected", value: { position: positionToWire(reason), table, sqlState, detail } }
    }
    case "Unfit":
      return { $case: "unfit", value: { table: reason.table, detail: reason.detail } }
    case "SameAsSource":
      return { $case: "sameAsSource", value: { detail: reason.detail } }
    case "Overlap":
      return { $case: "overlap", value: { from: BigInt(reason.from), until: BigInt(reason.until) } }
    case "Refused":
      return { $case: "refused", value: { detail: reason.detail } }
  }
}

const zero = { seq: 0n, ordinal: 0n }

const reasonFromWire = (reason: TargetFailure["reason"]): TargetErrorReason => {
  switch (reason?.$case) {
    case "unavailable":
      return { _tag: "Unavailable", detail: reason.value.detail }
    case "fenced":
      return { _tag: "Fenced", mine: fromWide(reason.value.mine), theirs: fromWide(reason.value.theirs) }
    case "moved":
      return { _tag: "Moved", ...positionFromWire(reason.value.position ?? zero) }
    case "rejected": {
      const { position, table, sqlState, detail } = reason.value
      return { _tag: "Rejected", ...positionFromWire(position ?? zero), table, sqlState, detail }
    }
    case "unfit":
      return { _tag: "Unfit", table: reason.value.table, detail: reason.value.detail }
    case "sameAsSource":
      return { _tag: "SameAsSource", detail: reason.value.detail }
    case "overlap":
      return { _tag: "Overlap", from: fromWide(reason.value.from), until: fromWide(reason.value.until) }
    case "refused":
      return { _tag: "Refused", detail: reason.value.detail }
    case undefined:
      return { _tag: "Refused", detail: "the replayer gives a reason that this version does not know" }
  }
}

export const failureToWire = ({ target, reason }: TargetError): TargetFailure => ({
  target,
  reason: reasonToWire(reason)
})

export const failureFromWire = ({ target, reason }: TargetFailure): TargetError =>
  new TargetError({ target, reason: reasonFromWire(reason) })

const codeOf = ({ _tag }: TargetErrorReason): status => {
  switch (_tag) {
    case "Unavailable":
      return status.UNAVAILABLE
    case "Fenced":
    case "Moved":
      return status.ABORTED
    case "Rejected":
    case "Unfit":
    case "SameAsSource":
    case "Overlap":
    case "Refused":
      return status.FAILED_PRECONDITION
  }
}

/** How a call ends. */
export interface CallStatus {
  readonly code: status
  readonly details: string
  readonly metadata?: Metadata
}

const detailsKey = "grpc-status-details-bin"
const typeUrl = "type.googleapis.com/walstream.v1.TargetFailure"

/** A call's end for a target's reason, which goes along in the details, as google.rpc.Status has them. */
export const failureStatus = (error: TargetError, code = codeOf(error.reason)): CallStatus => {
  const { message } = error
  const details = [{ typeUrl, value: Buffer.from(TargetFailure.encode(failureToWire(error)).finish()) }]
  const metadata = new Metadata()
  metadata.set(detailsKey, Buffer.from(Status.encode({ code, message, details }).finish()))
  return { code, details: message, metadata }
}

const typedFailure = ({ metadata }: ServiceError): TargetError | undefined => {
  for (const value of metadata?.get(detailsKey) ?? []) {
    if (typeof value === "string") continue
    try {
      const detail = Status.decode(value).details.find((one) => one.typeUrl === typeUrl)
      if (detail !== undefined) return failureFromWire(TargetFailure.decode(detail.value))
    } catch {
      // Somebody else's details: the code says enough.
    }
  }
  return undefined
}

/** Ends of calls that come again however often they are tried: a person has to mend something. */
const lasting: ReadonlySet<status> = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.UNIMPLEMENTED,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.FAILED_PRECONDITION,
  status.OUT_OF_RANGE
])

/** The channel reports a failed TLS handshake like any lost connection, with the reason in its text only. */
const handshake = (details: string): string | undefined => {
  if (/wrong version number/u.test(details)) return "it does not speak TLS"
  return /certificate|self-signed|altnames/iu.test(details) ? details : undefined
}

/** The channel adds where it looked for the address, often nothing. */
const withoutNote = (details: string): string => details.replace(/\.? ?Resolution note: *$/u, "")

/** What the end of a call means to a job: the target's own reason where the replayer gave one. */
export const targetErrorOf = (target: string, error: ServiceError): TargetError => {
  const typed = typedFailure(error)
  if (typed !== undefined) return typed
  const details = withoutNote(error.details)
  const trouble = handshake(details)
  const said = trouble ?? (details === "" ? (status[error.code] ?? "unknown error") : details)
  const stays = lasting.has(error.code) || trouble !== undefined
  return new TargetError({
    target,
    reason: { _tag: stays ? "Refused" : "Unavailable", detail: `the replayer: ${said}` }
  })
}
