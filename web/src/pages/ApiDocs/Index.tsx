import { Link, useSearchParams } from 'react-router'
import styles from './ApiDocs.module.css'
import type { Group } from './document'
import { Method } from './Method'

/** All operations that were found, by tag; each is a link. */
export function Index({ groups, shown }: { groups: Group[]; shown: string | undefined }) {
  const [params] = useSearchParams()
  const href = (id: string) => {
    const after = new URLSearchParams(params)
    after.set('operation', id)
    return `?${after}`
  }
  return (
    <nav className={styles.index} aria-label="Operations">
      {groups.map(({ tag, operations }) => (
        <section key={tag}>
          <h2>{tag}</h2>
          <ul>
            {operations.map((operation) => (
              <li key={operation.id}>
                <Link to={href(operation.id)} aria-current={operation.id === shown ? 'page' : undefined} title={`${operation.method} ${operation.path}`}>
                  <Method method={operation.method} />
                  <span>{operation.path.replace(/^\/(api|prometheus\/api)\/v1/, '')}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  )
}
