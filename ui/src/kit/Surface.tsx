import { type JSX, Show } from "solid-js"
import { nameTab } from "../lib/TabName.ts"
import { Sideways } from "./Sideways.tsx"
import "./Surface.css"

interface CardProps {
  readonly title?: string
  /** Beside the title, quieter. */
  readonly note?: JSX.Element
  /** At the header's end. */
  readonly actions?: JSX.Element
  readonly children: JSX.Element
  /** A table or list goes from edge to edge. */
  readonly flush?: boolean
  readonly label?: string
}

export const Card = (props: CardProps) => (
  <section data-component="card" aria-label={props.label ?? props.title}>
    <Show when={props.title}>
      <header>
        <h2>{props.title}</h2>
        <Show when={props.note}>
          <span class="faint">{props.note}</span>
        </Show>
        <span class="grow" />
        {props.actions}
      </header>
    </Show>
    <Show when={props.flush} fallback={<div data-part="body">{props.children}</div>}>
      <Sideways part="body" flush>
        {props.children}
      </Sideways>
    </Show>
  </section>
)

interface HeadProps {
  /** Says how things are. */
  readonly title: string
  /** The same for the tab, where it says another thing each second. */
  readonly tab?: string
  /** What to look at next. */
  readonly children?: JSX.Element
  readonly above?: JSX.Element
  readonly actions?: JSX.Element
}

/** A page's first words, and what its tab, bookmark and place in the history are called. */
export const PageHead = (props: HeadProps) => {
  nameTab(() => props.tab ?? props.title)
  return (
    <div data-component="page-head">
      <div class="grow">
        <Show when={props.above}>
          <p>{props.above}</p>
        </Show>
        <h1>{props.title}</h1>
        <Show when={props.children}>
          <p>{props.children}</p>
        </Show>
      </div>
      <Show when={props.actions}>
        <div data-part="actions">{props.actions}</div>
      </Show>
    </div>
  )
}

interface TileProps {
  readonly title: string
  readonly value: JSX.Element
  readonly unit?: JSX.Element
  readonly children?: JSX.Element
}

/** One figure that matters. */
export const Tile = (props: TileProps) => (
  <section data-component="tile">
    <h3>{props.title}</h3>
    <p data-part="value">
      {props.value} <small>{props.unit}</small>
    </p>
    {props.children}
  </section>
)

/** Names and values, one a line. */
export const Facts = (props: { readonly children: JSX.Element }) => (
  <dl data-component="facts">{props.children}</dl>
)

export const Fact = (props: {
  readonly name: string
  readonly children: JSX.Element
  readonly title?: string | undefined
}) => (
  <div title={props.title}>
    <dt>{props.name}</dt>
    <dd>{props.children}</dd>
  </div>
)

/** How much of it is done; without a share it is under way and nobody knows how far. */
export const Bar = (props: {
  readonly share: number | null
  readonly label: string
  readonly tone?: string
}) => (
  <div
    data-component="bar"
    data-tone={props.tone}
    data-unknown={props.share === null ? "" : undefined}
    role="progressbar"
    aria-label={props.label}
    aria-valuemin={0}
    aria-valuemax={100}
    aria-valuenow={props.share === null ? undefined : Math.floor(props.share * 100)}
  >
    <i style={{ width: props.share === null ? undefined : `${Math.min(1, props.share) * 100}%` }} />
  </div>
)
