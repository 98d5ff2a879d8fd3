import { useNavigate } from "@solidjs/router"
import { keepPreviousData } from "@tanstack/query-core"
import { Schema } from "effect"
import { createEffect, createSignal, on, onCleanup, Show } from "solid-js"
import { createStore } from "solid-js/store"
import type { NewJob } from "../../../../src/control/api/NewJob.ts"
import { asProblem } from "../../api/ApiProblem.ts"
import { Button } from "../../kit/Button.tsx"
import { CopyButton } from "../../kit/Copy.tsx"
import { Empty } from "../../kit/States.tsx"
import { PageHead } from "../../kit/Surface.tsx"
import { curlText } from "../../lib/Curl.ts"
import { createSearchState } from "../../lib/SearchState.ts"
import { useApp } from "../../state/App.ts"
import { useQuery } from "../../state/Query.ts"
import { createJob } from "./CreateJob.ts"
import { EstimateCard } from "./EstimateCard.tsx"
import { addressOf, emptyForm, formFields, formIn, formOf, type JobForm, newJobOf } from "./Form.ts"
import { JobFields } from "./JobFields.tsx"
import "./NewJob.css"
import { rangeNames, WindowCard } from "./WindowCard.tsx"

const shape = {
  fields: {
    range: Schema.Literals(["young", ...rangeNames]),
    from: Schema.String,
    ...formFields
  },
  defaults: { range: "young" as const, from: "", ...addressOf(emptyForm) }
}

/** Milliseconds from the last change to the question what it comes to. */
const pause = 250

const randomKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    ""
  )

const NewJobForm = () => {
  const { api, queries, toasts, cache } = useApp()
  const navigate = useNavigate()
  const search = createSearchState(shape)
  const given = search.value()
  const [form, setForm] = createStore<JobForm>(formIn(given))
  // What it is called changes nothing of what it comes to.
  const wanted = () => newJobOf({ ...form, name: "" })
  const [asked, setAsked] = createSignal(wanted())
  const [busy, setBusy] = createSignal<"create" | "start" | null>(null)
  const [errors, setErrors] = createSignal<ReadonlyMap<string, string>>(new Map())

  const model = useQuery(() => ({ ...queries.job(given.from), enabled: given.from !== "" }))
  let isTaken = false
  createEffect(() => {
    // Once: an answer that comes again does not undo what was typed since.
    if (isTaken || !model.isSuccess || model.data === undefined) return
    isTaken = true
    setForm(formOf(model.data))
  })
  // A reload shows what was typed, not the replay that it began with.
  createEffect(
    on(
      () => JSON.stringify(addressOf(form)),
      () => {
        const timer = setTimeout(() => search.set({ ...addressOf(form), from: "" }), pause)
        onCleanup(() => clearTimeout(timer))
      },
      { defer: true }
    )
  )
  createEffect(
    on(
      () => JSON.stringify(wanted()),
      () => {
        const timer = setTimeout(() => setAsked(wanted()), pause)
        onCleanup(() => clearTimeout(timer))
      }
    )
  )
  // Not while it is being made, nor when it is: the page is left then.
  const estimate = useQuery(() => ({
    ...queries.estimate(asked()),
    enabled: busy() === null,
    placeholderData: keepPreviousData
  }))
  const isFresh = () => !estimate.isPlaceholderData && JSON.stringify(asked()) === JSON.stringify(wanted())

  const change = (changes: Partial<JobForm>) => setForm(changes)
  // The same request is the same replay, however often it is sent.
  const keys = new Map<string, string>()
  const keyOf = (payload: NewJob): string => {
    const text = JSON.stringify(payload)
    const key = keys.get(text) ?? randomKey()
    keys.set(text, key)
    return key
  }

  const create = async (andStart: boolean) => {
    setBusy(andStart ? "start" : "create")
    setErrors(new Map())
    const payload = newJobOf(form)
    try {
      const { job, notStarted } = await createJob(api, payload, keyOf(payload), andStart)
      if (notStarted !== null) {
        const title = "The replay is created, but did not start"
        toasts.show({ tone: "bad", title, detail: notStarted.message })
      }
      void cache.invalidateQueries({ queryKey: ["jobs"] })
      navigate(`/jobs/${job.id}`)
    } catch (error) {
      setBusy(null)
      const problem = asProblem(error)
      setErrors(new Map(problem.errors.map(({ path, message }) => [path, message])))
      const detail = problem.errors.map(({ path, message }) => `${path} ${message}`).join("; ")
      toasts.show({
        tone: "bad",
        title: "The replay was not created",
        detail: detail === "" ? problem.message : detail
      })
    }
  }
  const curl = () => curlText({ method: "POST", path: "/jobs", body: newJobOf(form) }, location.origin)

  return (
    <>
      <PageHead title="New replay" actions={<CopyButton text={curl}>Copy as curl</CopyButton>}>
        Pick a stretch of history by dragging over it; a double click takes all that is in sight.
      </PageHead>
      <WindowCard
        range={search.value().range}
        onRange={(range) => search.set({ range })}
        form={form}
        onWindow={(start, end) => change({ start, end, follow: false })}
      />
      <div class="cols-2">
        <JobFields form={form} onChange={change} errors={errors()} />
        <EstimateCard
          form={form}
          estimate={estimate.isSuccess ? estimate.data : undefined}
          error={estimate.isError ? estimate.error : null}
          isFresh={isFresh()}
          onRetry={() => void estimate.refetch()}
        >
          <div class="row">
            <Button variant="primary" icon="play" busy={busy() === "start"} onClick={() => void create(true)}>
              {busy() === "start" ? "Starting…" : "Create and start"}
            </Button>
            <Button busy={busy() === "create"} onClick={() => void create(false)}>
              {busy() === "create" ? "Creating…" : "Create"}
            </Button>
          </div>
        </EstimateCard>
      </div>
    </>
  )
}

const NewJobPage = () => {
  const { session } = useApp()
  return (
    <Show
      when={session.may("operator")}
      fallback={
        <Empty icon="lock" isPage title="Your role may watch, but not run replays">
          A replay writes into a target: it takes the role operator. An admin can give it to you.
        </Empty>
      }
    >
      <NewJobForm />
    </Show>
  )
}

export default NewJobPage
