import type { JSX } from "solid-js"

/** Drawn on a grid of 16, in strokes of 1.5. */
const shapes = {
  overview: () => <path d="M2 9h4l2-6 3 11 2-5h1" />,
  replays: () => <path d="M5 3v10l8-5z" />,
  events: () => <path d="M2 4h12M2 8h12M2 12h7" />,
  metrics: () => <path d="M2 14V8M6 14V3M10 14v-4M14 14V6" />,
  system: () => (
    <>
      <circle cx="8" cy="3" r="1.6" />
      <circle cx="3.5" cy="12.5" r="1.6" />
      <circle cx="12.5" cy="12.5" r="1.6" />
      <path d="M8 4.6v3M3.5 11V9.5h9V11M8 7.6v1.9" />
    </>
  ),
  users: () => (
    <>
      <circle cx="8" cy="5" r="2.6" />
      <path d="M2.8 14c.6-3 2.6-4.4 5.2-4.4s4.6 1.4 5.2 4.4" />
    </>
  ),
  keys: () => (
    <>
      <circle cx="5" cy="11" r="2.7" />
      <path d="M7 9l6-6M11 5l2 2" />
    </>
  ),
  audit: () => <path d="M4 2h8v12H4zM6 5h4M6 8h4M6 11h2" />,
  settings: () => <path d="M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7M10.5 3v3M5.5 10v3" />,
  play: () => <path d="M4.5 2.500v11l9-5.500z" fill="currentColor" stroke="none" />,
  pause: () => <path d="M4 3h3v10H4zM9 3h3v10H9z" fill="currentColor" stroke="none" />,
  stop: () => <path d="M4 4h8v8H4z" fill="currentColor" stroke="none" />,
  search: () => (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="M10.5 10.5L14 14" />
    </>
  ),
  close: () => <path d="M4 4l8 8M12 4l-8 8" />,
  copy: () => (
    <>
      <rect x="5" y="5" width="8.5" height="8.5" rx="1.5" />
      <path d="M3 10.5V3.5C3 3 3.2 2.5 4 2.500h6.5" />
    </>
  ),
  check: () => <path d="M3 8.500l3.5 3.500L13 4.5" />,
  menu: () => <path d="M2 4h12M2 8h12M2 12h12" />,
  more: () => <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.4" />,
  plus: () => <path d="M8 3v10M3 8h10" />,
  retry: () => <path d="M13 8a5 5 0 1 1-1.6-3.700M13 2v3h-3" />,
  download: () => <path d="M8 2v8M4.5 7L8 10.5 11.5 7M3 13.500h10" />,
  up: () => <path d="M8 13V3M4 7l4-4 4 4" />,
  down: () => <path d="M4 6.500l4 4 4-4" />,
  left: () => <path d="M10 3L5 8l5 5" />,
  right: () => <path d="M6 3l5 5-5 5" />,
  warn: () => <path d="M8 2.500l6 11H2zM8 6.500v3.500M8 12v.01" />,
  info: () => (
    <>
      <circle cx="8" cy="8" r="6" />
      <path d="M8 7.500V11M8 5v.01" />
    </>
  ),
  lock: () => <path d="M4 7.500h8v6H4zM5.5 7.500V5a2.5 2.5 0 0 1 5 0v2.5" />,
  logout: () => <path d="M6 2.500H3v11h3M10.5 5l3 3-3 3M6.5 8h7" />,
  external: () => <path d="M6 3H3v10h10v-3M9 3h4v4M13 3L7.5 8.5" />,
  filter: () => <path d="M2 4h12M4.5 8h7M7 12h2" />
} as const satisfies Record<string, () => JSX.Element>

export type IconName = keyof typeof shapes

/** Decoration: what it means is said in words beside it, or by the button that it is in. */
export const Icon = (props: { readonly name: IconName; readonly size?: number }) => (
  <svg
    viewBox="0 0 16 16"
    width={props.size ?? 16}
    height={props.size ?? 16}
    fill="none"
    stroke="currentColor"
    stroke-width="1.5"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
    data-component="icon"
  >
    {shapes[props.name]()}
  </svg>
)
