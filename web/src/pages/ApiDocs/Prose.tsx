/** A sentence of the document, with its `code` as code. */
export function Prose({ text }: { text: string }) {
  return partsOf(text).map(({ at, part, code }) => (code ? <code key={at}>{part}</code> : <span key={at}>{part}</span>))
}

/** Every second part stood between two backticks. */
function partsOf(text: string) {
  let at = 0
  return text.split('`').map((part, number) => {
    const found = { at, part, code: number % 2 === 1 }
    at += part.length + 1
    return found
  })
}
