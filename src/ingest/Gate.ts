/** What can be paused: a socket. */
export interface Pausable {
  pause(): unknown
  resume(): unknown
}

/** Why the gate is closed: stages behind are full, or the server shall collect more before it sends. */
export type GateReason = "backpressure" | "pace"

/**
 * The only one who pauses and resumes the socket: it runs when no reason to hold it is left. Two owners undo each
 * other's pauses, and then nothing bounds memory.
 */
export class Gate {
  readonly #socket: Pausable
  readonly #reasons = new Set<GateReason>()

  constructor(socket: Pausable) {
    this.#socket = socket
  }

  get reasons(): ReadonlyArray<GateReason> {
    return [...this.#reasons]
  }

  close(reason: GateReason): void {
    if (this.#reasons.size === 0) this.#socket.pause()
    this.#reasons.add(reason)
  }

  open(reason: GateReason): void {
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#socket.resume()
  }
}
