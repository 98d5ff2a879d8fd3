import { createSignal, type JSX, Match, onCleanup, Show, Switch } from "solid-js"
import { type ApiProblem, asProblem } from "../api/ApiProblem.ts"
import { nameTab } from "../lib/TabName.ts"
import { clockText } from "../lib/Time.ts"
import { useApp } from "../state/App.ts"
import { Button } from "./Button.tsx"
import { Icon, type IconName } from "./Icon.tsx"
import { Dot } from "./Marks.tsx"
import "./States.css"

interface EmptyProps {
  readonly icon?: IconName
  readonly title: string
  readonly children?: JSX.Element
  readonly actions?: JSX.Element
  /** It is all that the page has to say. */
  readonly isPage?: boolean
}

const PageTitle = (props: { readonly title: string }) => {
  nameTab(() => props.title)
  return <h1>{props.title}</h1>
}

/** Nothing here, why, and the next step. */
export const Empty = (props: EmptyProps) => (
  <div data-component="empty">
    <Show when={props.icon}>{(icon) => <Icon name={icon()} size={20} />}</Show>
    <Show when={props.isPage} fallback={<h2>{props.title}</h2>}>
      <PageTitle title={props.title} />
    </Show>
    <Show when={props.children}>
      <div class="muted">{props.children}</div>
    </Show>
    <Show when={props.actions}>
      <div class="row">{props.actions}</div>
    </Show>
  </div>
)

/** What the problem means for the reader, beyond its own words. */
const advice = ({ slug, required }: ApiProblem): string | null => {
  if (slug === "forbidden") {
    return `This takes the role ${required ?? "of somebody else"}. An admin can give it to you.`
  }
  if (slug === "unreachable") return "The page goes on trying. What is shown may be old until it is back."
  return null
}

interface ProblemProps {
  readonly error: unknown
  readonly onRetry?: (() => void) | undefined
  /** What could not be shown. */
  readonly what?: string
}

/** What was refused or failed, with what a person needs to tell somebody else about it. */
export const ProblemView = (props: ProblemProps) => {
  const problem = () => asProblem(props.error)
  return (
    <div data-component="problem" role="alert">
      <Icon name={problem().slug === "forbidden" ? "lock" : "warn"} size={18} />
      <div class="grow">
        <h2>{problem().title}</h2>
        <Show when={problem().detail}>
          <p>{problem().detail}</p>
        </Show>
        <Show when={problem().errors.length > 0}>
          <ul>
            {problem().errors.map(({ path, message }) => (
              <li>
                <code>{path}</code> {message}
              </li>
            ))}
          </ul>
        </Show>
        <Show when={advice(problem())}>
          <p class="muted">{advice(problem())}</p>
        </Show>
        <Show when={problem().requestId}>
          <p class="faint">
            Request <code>{problem().requestId}</code>
          </p>
        </Show>
      </div>
      <Show when={props.onRetry !== undefined && problem().slug !== "forbidden"}>
        <Button size="small" icon="retry" onClick={() => props.onRetry?.()}>
          Retry
        </Button>
      </Show>
    </div>
  )
}

/** Grey lines where the text will stand, once waiting takes long enough to be noticed. */
export const Skeleton = (props: { readonly lines?: number; readonly label?: string }) => {
  const [shown, setShown] = createSignal(false)
  const timer = setTimeout(() => setShown(true), 200)
  onCleanup(() => clearTimeout(timer))
  return (
    <div data-component="skeleton" role="status" data-shown={shown() ? "" : undefined}>
      <span class="sr-only">{props.label ?? "Loading"}</span>
      {Array.from({ length: props.lines ?? 3 }, () => (
        <i />
      ))}
    </div>
  )
}

/** What a query gives, as far as this needs to know. */
interface Asked<A> {
  readonly isSuccess: boolean
  readonly data: A | undefined
  readonly error: unknown
  readonly isError: boolean
  readonly isRefetchError: boolean
  readonly dataUpdatedAt: number
  readonly refetch: () => unknown
}

interface LoadedProps<A> {
  readonly query: Asked<A>
  readonly children: (data: () => A) => JSX.Element
  readonly skeleton?: JSX.Element
}

/** A query's four faces: loading, failed, there, and there but old, since it fails now. */
export const Loaded = <A,>(props: LoadedProps<A>) => {
  const { preferences } = useApp()
  // There is one where it is read.
  const data = () => props.query.data as A
  return (
    <Switch fallback={props.skeleton ?? <Skeleton />}>
      {/* What one may not see any more is not shown as old. */}
      <Match when={props.query.isError && asProblem(props.query.error).status === 403}>
        <ProblemView error={props.query.error} />
      </Match>
      <Match when={props.query.isSuccess}>
        <Show when={props.query.isRefetchError}>
          <p data-component="stale">
            <Dot tone="warn" />
            <span>
              {asProblem(props.query.error).message}. Shown as of{" "}
              {clockText(new Date(props.query.dataUpdatedAt), preferences.values.zone)}.
            </span>
            <Button size="small" variant="quiet" onClick={() => props.query.refetch()}>
              Retry
            </Button>
          </p>
        </Show>
        {props.children(data)}
      </Match>
      <Match when={props.query.isError}>
        <ProblemView error={props.query.error} onRetry={() => props.query.refetch()} />
      </Match>
    </Switch>
  )
}
