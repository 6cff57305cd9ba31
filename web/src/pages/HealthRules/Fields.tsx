// What all fields of the editor share: which problems there are, and which of them are said already. A problem is said
// once its field was typed in, or once somebody tried to save.
import { createContext, useContext } from 'react'
import type { Problems } from './model/problems'

interface Value {
  problems: Problems
  touched: ReadonlySet<string>
  /** Somebody tried to save. */
  tried: boolean
  touch(key: string): void
  application: number
  /** Nothing can be changed. */
  readOnly: boolean
}

export const FieldsContext = createContext<Value | null>(null)

export function useFields() {
  const value = useContext(FieldsContext)
  if (!value) throw new Error('useFields outside the editor')
  const { problems, touched, tried, touch } = value
  return {
    ...value,
    /** What is wrong with a field, when it is time to say so. `with`: fields on which it depends. */
    problem: (key: string, ...others: string[]) => (tried || [key, ...others].some((one) => touched.has(one)) ? problems[key] : undefined),
    /** To be put on a field: what was typed in is judged. */
    touches: (key: string) => ({ onBlur: () => touch(key) }),
  }
}
