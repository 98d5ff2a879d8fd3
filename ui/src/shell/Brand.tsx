import "./Brand.css"

/** The product's sign and name. */
export const Brand = () => (
  <span data-component="brand">
    <svg
      viewBox="0 0 22 22"
      fill="none"
      stroke="currentColor"
      stroke-width="2.2"
      stroke-linecap="round"
      aria-hidden="true"
    >
      <path d="M2 7c3-4 6-4 9 0s6 4 9 0" />
      <path d="M2 15c3-4 6-4 9 0s6 4 9 0" opacity=".5" />
    </svg>
    WalStream
  </span>
)
