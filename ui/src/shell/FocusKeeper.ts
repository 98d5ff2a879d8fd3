const isThere = (element: HTMLElement): boolean => element.isConnected && element.checkVisibility()

const withAncestors = (element: HTMLElement, root: HTMLElement): ReadonlyArray<HTMLElement> => {
  const found: Array<HTMLElement> = []
  for (let at: HTMLElement | null = element; at !== null && at !== root; at = at.parentElement) found.push(at)
  return found
}

/** A place that is no control takes the focus as long as it is there. */
const focusOn = (element: HTMLElement) => {
  if (!element.hasAttribute("tabindex")) {
    element.tabIndex = -1
    element.addEventListener("blur", () => element.removeAttribute("tabindex"), { once: true })
  }
  element.focus({ preventScroll: true })
}

/**
 * Where a button, row or panel goes that has the focus, browsers give it to nobody: who has no mouse is lost. It goes to
 * the nearest of what was around it instead, at last to `root`. Gives what ends that.
 */
export const keepFocus = (root: HTMLElement): (() => void) => {
  /** What has the focus, or had it last, and what is around it. */
  let held: ReadonlyArray<HTMLElement> = []
  let frame = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const onFocus = ({ target }: FocusEvent) => {
    held = target instanceof HTMLElement ? withAncestors(target, root) : []
  }
  // A click beside everything is meant to be there.
  const onPress = () => {
    held = []
  }
  const look = () => {
    const [last] = held
    if (document.activeElement !== document.body || last === undefined || isThere(last)) return
    focusOn(held.find((element) => root.contains(element) && isThere(element)) ?? root)
  }
  // What is hidden loses the focus with the frame, not before.
  const observer = new MutationObserver(() => {
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(() => {
      clearTimeout(timer)
      timer = setTimeout(look)
    })
  })

  document.addEventListener("focusin", onFocus)
  document.addEventListener("pointerdown", onPress)
  observer.observe(document.body, { childList: true, subtree: true })
  return () => {
    document.removeEventListener("focusin", onFocus)
    document.removeEventListener("pointerdown", onPress)
    observer.disconnect()
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}
