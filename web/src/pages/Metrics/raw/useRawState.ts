import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import { choiceOf, keyOf, type Choice } from '../model/raw'
import { MAX_SERIES } from '../model/series'
import type { Chosen } from '../useSelection'
import type { RawFilter } from './queries'

export interface RawState {
  filter: RawFilter
  change(filter: Partial<RawFilter>): void
  choices: Choice[]
  /** Keys of choices, as the table of a chart takes them. */
  chosen: Chosen
}

/** Which raw series are listed and drawn; all of it is in the address. */
export function useRawState(): RawState {
  const [params, setParams] = useSearchParams()
  const filter: RawFilter = { text: params.get('q') ?? '', tier: params.get('tier'), node: params.get('node'), attributes: params.getAll('attribute') }
  const change = useCallback(
    (wanted: Partial<RawFilter>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before)
          const set = (name: string, value: string | null | undefined) => {
            if (value) after.set(name, value)
            else after.delete(name)
          }
          if (wanted.text !== undefined) set('q', wanted.text)
          if (wanted.tier !== undefined) {
            set('tier', wanted.tier)
            after.delete('node')
          }
          if (wanted.node !== undefined) set('node', wanted.node)
          if (wanted.attributes) {
            after.delete('attribute')
            for (const pair of wanted.attributes) after.append('attribute', pair)
          }
          return after
        },
        { replace: true },
      ),
    [setParams],
  )
  const choices = params.getAll('s').flatMap((text) => choiceOf(text) ?? []).slice(0, MAX_SERIES)
  const keys = [...new Set(choices.map(keyOf))]
  const put = useCallback(
    (next: (before: string[]) => string[]) =>
      setParams((before) => {
        const after = new URLSearchParams(before)
        after.delete('s')
        for (const key of next(before.getAll('s'))) after.append('s', key)
        return after
      }),
    [setParams],
  )
  const toggle = useCallback((key: string) => put((before) => (before.includes(key) ? before.filter((k) => k !== key) : [...before, key].slice(0, MAX_SERIES))), [put])
  const clear = useCallback(() => put(() => []), [put])
  return { filter, change, choices, chosen: { paths: keys, full: keys.length >= MAX_SERIES, toggle, clear } }
}
