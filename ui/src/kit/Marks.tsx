import type { Operation } from "../../../src/domain/Change.ts"
import type { JobStatus } from "../../../src/domain/JobStatus.ts"
import "./Marks.css"

export type Tone = "ok" | "warn" | "bad" | "on" | "idle"

/** Never alone: the words beside it say the same. */
export const Dot = (props: { readonly tone: Tone }) => (
  <span data-component="dot" data-tone={props.tone} aria-hidden="true" />
)

export const Pill = (props: {
  readonly tone: Tone
  readonly children: string
  readonly title?: string | undefined
}) => (
  <span data-component="pill" data-tone={props.tone} title={props.title}>
    {props.children}
  </span>
)

const statuses: Readonly<Record<JobStatus, readonly [Tone, string]>> = {
  pending: ["idle", "Not started"],
  queued: ["idle", "Waiting for a worker"],
  running: ["on", "Running"],
  paused: ["warn", "Paused"],
  completed: ["ok", "Completed"],
  failed: ["bad", "Failed"],
  cancelled: ["idle", "Cancelled"]
}

export const statusText = (status: JobStatus, follow = false): string =>
  status === "running" && follow ? "Following" : statuses[status][1]

export const statusTone = (status: JobStatus): Tone => statuses[status][0]

export const StatusPill = (props: { readonly status: JobStatus; readonly follow?: boolean }) => (
  <Pill tone={statusTone(props.status)}>{statusText(props.status, props.follow)}</Pill>
)

const operationNames: Readonly<Record<Operation, string>> = {
  insert: "INSERT",
  update: "UPDATE",
  delete: "DELETE",
  truncate: "TRUNCATE",
  message: "MESSAGE"
}

export const Op = (props: { readonly operation: Operation }) => (
  <span data-component="op" data-operation={props.operation}>
    {operationNames[props.operation]}
  </span>
)

export const Badge = (props: { readonly children: string; readonly title?: string }) => (
  <span data-component="badge" title={props.title}>
    {props.children}
  </span>
)

export const Kbd = (props: { readonly children: string }) => <kbd data-component="kbd">{props.children}</kbd>
