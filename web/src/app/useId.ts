import { useParams } from 'react-router'

/** A numeric id out of the path; NaN when it is none, which every endpoint answers with 404. */
export function useId(name: string): number {
  return Number(useParams()[name])
}
