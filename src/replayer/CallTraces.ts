import {
  InterceptingCall,
  type Interceptor,
  ResponderBuilder,
  ServerInterceptingCall,
  type ServerInterceptor,
  ServerListenerBuilder,
  status
} from "@grpc/grpc-js"
import { traceOf } from "../runtime/trace/TraceContext.ts"
import type { Span, Tracer } from "../runtime/trace/Tracing.ts"

/** Probes of the server are nobody's trace. */
const untraced = "/grpc.health.v1.Health/"

const now = (): number => performance.timeOrigin + performance.now()

/** A call's span, named as OpenTelemetry names them. */
const spanOf = (
  path: string,
  { traceId, spanId, parentId }: Pick<Span, "traceId" | "spanId" | "parentId">,
  kind: "client" | "server",
  begun: number,
  code: number
): Span => {
  const [, service = "", method = ""] = path.split("/")
  return {
    traceId,
    spanId,
    parentId,
    name: `${service}/${method}`,
    kind,
    begun,
    ended: now(),
    attributes: {
      "rpc.system": "grpc",
      "rpc.service": service,
      "rpc.method": method,
      "rpc.grpc.status_code": code
    },
    failed: code === status.OK ? null : (status[code] ?? String(code))
  }
}

/** Each call begins a trace, which the replayer is told of (`traceparent`). They are few, so all are kept. */
export const tracingClient =
  ({ record }: Tracer): Interceptor =>
  (options, next) =>
    new InterceptingCall(next(options), {
      start: (metadata, _listener, proceed) => {
        const begun = now()
        const trace = traceOf(undefined, 1)
        const carried = metadata.clone()
        carried.set("traceparent", trace.traceparent)
        proceed(carried, {
          onReceiveStatus: (ended, tell) => {
            record(spanOf(options.method_definition.path, trace, "client", begun, ended.code))
            tell(ended)
          }
        })
      }
    })

/** A call goes on with its caller's trace, if that one is kept; one without any begins its own. */
export const tracingServer =
  ({ ratio, record }: Tracer): ServerInterceptor =>
  ({ path }, call) => {
    if (path.startsWith(untraced)) return new ServerInterceptingCall(call)
    const begun = now()
    let end = (_code: number): void => undefined
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        const [given] = metadata.get("traceparent")
        const trace = traceOf(typeof given === "string" ? given : undefined, ratio)
        end = (code) => {
          end = () => undefined
          if (trace.isKept) record(spanOf(path, trace, "server", begun, code))
        }
        next(metadata)
      })
      .withOnCancel(() => end(status.CANCELLED))
      .build()
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((sent, next) => {
        end(sent.code ?? status.UNKNOWN)
        next(sent)
      })
      .build()
    return new ServerInterceptingCall(call, responder)
  }
