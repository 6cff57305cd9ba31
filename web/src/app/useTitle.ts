import { useEffect } from 'react'

/** The document's title, the narrowest part first. A page inside a frame sets it, or its frame: never both (`on`). */
export function useTitle(parts: string | (string | undefined)[], on = true): void {
  const title = [...[parts].flat().filter(Boolean), 'Vedette'].join(' · ')
  useEffect(() => {
    if (on) document.title = title
  }, [title, on])
}
