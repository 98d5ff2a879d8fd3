import { QueryObserver, type QueryObserverOptions, type QueryObserverResult } from "@tanstack/query-core"
import { createComputed, createMemo, on, onCleanup } from "solid-js"
import { createStore, reconcile } from "solid-js/store"
import { useApp } from "./App.ts"

/**
 * The store makes it its own; what the cache holds is others' too. `isSuccess`: there is an answer. The library says no to
 * that when it was asked for again in vain, and what was shown would be gone with the server.
 */
const own = <A>(result: QueryObserverResult<A>): QueryObserverResult<A> =>
  Object.assign({}, result, { data: structuredClone(result.data), isSuccess: result.data !== undefined })

/**
 * What the cache holds of a resource, and how asking for it goes. Rows keep their identity by `id` over every answer,
 * and with it focus, menus and motion. It never suspends: a page would be taken out of the document with each answer.
 */
export const useQuery = <A>(options: () => QueryObserverOptions<A>): QueryObserverResult<A> => {
  const { cache } = useApp()
  const asked = createMemo(() => cache.defaultQueryOptions(options()))
  const observer = new QueryObserver(cache, asked())
  const [result, setResult] = createStore(own(observer.getOptimisticResult(asked())))
  const show = (next: QueryObserverResult<A>) => setResult(reconcile(own(next), { key: "id" }))
  createComputed(
    on(
      asked,
      (changed) => {
        observer.setOptions(changed)
        show(observer.getOptimisticResult(changed))
      },
      { defer: true }
    )
  )
  onCleanup(observer.subscribe(show))
  return result
}
