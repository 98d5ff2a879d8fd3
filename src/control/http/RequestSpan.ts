import type { TraceContext } from "../../runtime/trace/TraceContext.ts"
import type { Span } from "../../runtime/trace/Tracing.ts"
import { WalstreamApi } from "../api/WalstreamApi.ts"

/** The contract's paths. Any other may hold whatever somebody typed. */
const routes: ReadonlyArray<{ readonly path: string; readonly pattern: RegExp }> = Array.from(
  new Set(
    Object.values(WalstreamApi.groups).flatMap(({ endpoints }) =>
      Object.values(endpoints).map(({ path }) => path)
    )
  ),
  (path) => ({
    path,
    pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/:\w+/gu, "[^/]+")}/?$`, "u")
  })
)

/** Those without a parameter come first: `events/recent` is no event. */
const byParameters = routes.toSorted((a, b) => Number(a.path.includes(":")) - Number(b.path.includes(":")))

export interface Answered {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly begun: number
  readonly ended: number
}

/** A request's span, named as OpenTelemetry names them: by the route, never by what was asked for. */
export const requestSpan = (
  { traceId, spanId, parentId }: TraceContext,
  { method, path, status, begun, ended }: Answered
): Span => {
  const route = byParameters.find(({ pattern }) => pattern.test(path))?.path
  return {
    traceId,
    spanId,
    parentId,
    name: route === undefined ? method : `${method} ${route}`,
    kind: "server",
    begun,
    ended,
    attributes: {
      "http.request.method": method,
      "http.response.status_code": status,
      ...(route === undefined ? {} : { "http.route": route })
    },
    failed: status >= 500 ? String(status) : null
  }
}
