/** Gives the browser a file to keep. */
export const saveBlob = (name: string, content: Blob): void => {
  const address = URL.createObjectURL(content)
  const link = document.createElement("a")
  link.href = address
  link.download = name
  link.click()
  // Some browsers read it only after this has returned.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

export const saveText = (name: string, text: string, type = "text/plain;charset=utf-8"): void =>
  saveBlob(name, new Blob([text], { type }))
