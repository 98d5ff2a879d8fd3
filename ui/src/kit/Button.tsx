import { A } from "@solidjs/router"
import { type JSX, Show, splitProps } from "solid-js"
import "./Button.css"
import { Icon, type IconName } from "./Icon.tsx"

interface Look {
  readonly variant?: "primary" | "plain" | "quiet" | "danger" | undefined
  readonly size?: "small" | "normal" | undefined
  readonly icon?: IconName | undefined
}

interface ButtonProps extends Look, Omit<JSX.ButtonHTMLAttributes<HTMLButtonElement>, "disabled" | "title"> {
  /** It is under way: it can not be pressed again, and keeps its width. */
  readonly busy?: boolean | undefined
  /** Why it can not be pressed; shown on hover and to screen readers. It keeps its focus. */
  readonly blocked?: string | null | undefined
  readonly title?: string | undefined
}

const names = ["variant", "size", "icon", "children"] as const

export const Button = (props: ButtonProps) => {
  const [look, behaviour, rest] = splitProps(props, names, ["busy", "blocked", "onClick", "title"])
  const isOff = () => behaviour.busy === true || (behaviour.blocked ?? null) !== null
  const press: JSX.EventHandler<HTMLButtonElement, MouseEvent> = (event) => {
    if (isOff()) return event.preventDefault()
    if (typeof behaviour.onClick === "function") behaviour.onClick(event)
  }
  return (
    <button
      type="button"
      {...rest}
      data-component="button"
      data-variant={look.variant ?? "plain"}
      data-size={look.size ?? "normal"}
      aria-disabled={isOff() ? "true" : undefined}
      aria-busy={behaviour.busy === true ? "true" : undefined}
      title={behaviour.blocked ?? behaviour.title}
      onClick={press}
    >
      <Show when={look.icon}>{(icon) => <Icon name={icon()} size={14} />}</Show>
      {look.children}
    </button>
  )
}

interface LinkProps extends Look {
  readonly href: string
  readonly children: JSX.Element
  readonly label?: string
}

/** Goes somewhere, and looks like a button. */
export const ButtonLink = (props: LinkProps) => (
  <A
    href={props.href}
    data-component="button"
    data-variant={props.variant ?? "plain"}
    data-size={props.size ?? "normal"}
    aria-label={props.label}
  >
    <Show when={props.icon}>{(icon) => <Icon name={icon()} size={14} />}</Show>
    {props.children}
  </A>
)

interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  readonly icon: IconName
  /** What it does: it has no other words. */
  readonly label: string
}

export const IconButton = (props: IconButtonProps) => {
  const [own, rest] = splitProps(props, ["icon", "label", "variant"])
  return (
    <Button
      {...rest}
      variant={own.variant ?? "quiet"}
      aria-label={own.label}
      title={rest.title ?? own.label}
      data-icon-only=""
    >
      <Icon name={own.icon} size={rest.size === "small" ? 14 : 16} />
    </Button>
  )
}
