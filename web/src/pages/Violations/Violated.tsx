import type { Violation } from '../../api/types'
import { RangeLink } from '../../components/link/RangeLink'
import page from '../page.module.css'
import { pathOfViolated, VIOLATED_WORDS } from './words'

/** Whoever violates a rule, with a way to its page. */
export function Violated({ violation }: { violation: Violation }) {
  const path = pathOfViolated(violation)
  return (
    <span className={page.name}>
      {path ? <RangeLink to={path}>{violation.entity.name}</RangeLink> : violation.entity.name}
      <span className={page.tag}>{VIOLATED_WORDS[violation.entity_kind]}</span>
    </span>
  )
}
