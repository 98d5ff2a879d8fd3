import { createSignal, type JSX, onCleanup, onMount } from "solid-js"

interface SidewaysProps {
  readonly part: string
  readonly flush?: boolean | undefined
  readonly children: JSX.Element
}

/** What may be wider than its place: who has no mouse can stand in it to move it, as long as it is. */
export const Sideways = (props: SidewaysProps) => {
  const [isWider, setWider] = createSignal(false)
  let place: HTMLDivElement | undefined
  onMount(() => {
    const element = place
    if (element === undefined) return
    const observer = new ResizeObserver(() => setWider(element.scrollWidth > element.clientWidth))
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    onCleanup(() => observer.disconnect())
  })
  return (
    <div
      ref={(made) => {
        place = made
      }}
      data-part={props.part}
      data-flush={props.flush === true ? "" : undefined}
      tabindex={isWider() ? 0 : undefined}
    >
      {props.children}
    </div>
  )
}
