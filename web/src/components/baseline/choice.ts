// Which baseline charts show, in the URL: the application's default, one of its others by id, or none.
import { useUrlState } from '../../app/urlState'

/** `default`, `none`, or an id. */
export type BaselineChoice = string

export const DEFAULT: BaselineChoice = 'default'
export const NONE: BaselineChoice = 'none'

/** What a URL may say; anything else is the default. */
export function choiceOf(text: string): BaselineChoice {
  return text === NONE || /^\d{1,9}$/.test(text) ? text : DEFAULT
}

export function useBaselineChoice(): [BaselineChoice, (choice: BaselineChoice | null) => void] {
  const [text, set] = useUrlState('baseline', DEFAULT)
  return [choiceOf(text), set]
}
