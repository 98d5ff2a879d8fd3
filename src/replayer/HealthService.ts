import { type ServerWritableStream, status, type UntypedServiceImplementation } from "@grpc/grpc-js"
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
  HealthCheckResponse_ServingStatus as Serving
} from "./generated/grpc/health/v1/health.ts"

type Watch = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>

/** The standard health service: whether the server takes calls, for the whole ("") and for each of its services. */
export class HealthService {
  readonly #services: ReadonlySet<string>
  readonly #watches = new Set<Watch>()
  #serving = true

  constructor(services: ReadonlyArray<string>) {
    this.#services = new Set(["", ...services])
  }

  get implementation(): UntypedServiceImplementation {
    const implementation: Pick<HealthServer, "check" | "list" | "watch"> = {
      check: ({ request }, answer) =>
        this.#services.has(request.service)
          ? answer(null, { status: this.#status(request.service) })
          : answer({
              code: status.NOT_FOUND,
              details: `there is no service ${JSON.stringify(request.service)}`
            }),
      list: (_, answer) => {
        const statuses: Record<string, HealthCheckResponse> = {}
        for (const service of this.#services) statuses[service] = { status: this.#status(service) }
        answer(null, { statuses })
      },
      watch: (call) => {
        this.#watches.add(call)
        const gone = () => this.#watches.delete(call)
        call.on("cancelled", gone)
        call.on("close", gone)
        call.write({ status: this.#status(call.request.service) })
      }
    }
    return { ...implementation }
  }

  /** Says NOT_SERVING from now on. Who watches is told, and the watch ends: the server is about to. */
  stop(): void {
    this.#serving = false
    for (const call of this.#watches) {
      call.write({ status: this.#status(call.request.service) })
      call.end()
    }
    this.#watches.clear()
  }

  #status(service: string): Serving {
    if (!this.#services.has(service)) return Serving.SERVICE_UNKNOWN
    return this.#serving ? Serving.SERVING : Serving.NOT_SERVING
  }
}
