import { type Accessor, createSignal } from "solid-js"

export interface Toast {
  readonly id: number
  readonly tone: "ok" | "bad"
  readonly title: string
  readonly detail?: string | undefined
  readonly action?: { readonly label: string; readonly run: () => void } | undefined
}

export interface Toasts {
  readonly items: Accessor<ReadonlyArray<Toast>>
  readonly show: (toast: Omit<Toast, "id">) => void
  readonly dismiss: (id: number) => void
}

/** What went well is read at a glance, what went wrong takes reading. */
const millis = { ok: 6_000, bad: 15_000 } as const

export const makeToasts = (): Toasts => {
  const [items, setItems] = createSignal<ReadonlyArray<Toast>>([])
  let ids = 0
  const dismiss = (id: number) => setItems((held) => held.filter((toast) => toast.id !== id))
  return {
    items,
    dismiss,
    show: (toast) => {
      ids += 1
      const id = ids
      setItems((held) => [...held.slice(-3), { ...toast, id }])
      setTimeout(() => dismiss(id), millis[toast.tone])
    }
  }
}
