import { IconDownload } from '@tabler/icons-react'
import { useUrlState } from '../../app/urlState'
import { useTitle } from '../../app/useTitle'
import { SearchInput } from '../../components/SearchInput'
import { Empty } from '../../components/states/Empty'
import { Loaded } from '../../components/states/Loaded'
import { plural } from '../../format/numbers'
import page from '../page.module.css'
import styles from './ApiDocs.module.css'
import { groupsOf, matching, type ApiDocument } from './document'
import { Index } from './Index'
import { OperationView } from './OperationView'
import { useDocument } from './queries'

/** The REST API, operation by operation, from the OpenAPI document that the server is built from. */
export function ApiDocsPage() {
  useTitle('REST API')
  const document = useDocument()
  return (
    <div className={page.page}>
      <div className={page.title}>
        <h1>REST API</h1>
        <span className={page.muted}>
          Sign in with HTTP Basic, or with the token that an API client gets at <code>POST /controller/api/oauth/access_token</code>.
        </span>
        <a className={styles.download} href="/api/v1/openapi.json" download="vedette-openapi.json">
          <IconDownload size={14} aria-hidden /> OpenAPI document
        </a>
      </div>
      <Loaded query={document} what="the OpenAPI document" lines={12}>
        {(data: ApiDocument) => <Browser document={data} />}
      </Loaded>
    </div>
  )
}

function Browser({ document }: { document: ApiDocument }) {
  const [search, setSearch] = useUrlState('search')
  const [chosen] = useUrlState('operation')
  const groups = groupsOf(document)
  const all = groups.flatMap((group) => group.operations)
  const found = matching(groups, search)
  const shown = all.find((operation) => operation.id === chosen) ?? found[0]?.operations[0]
  return (
    <div className={styles.browser}>
      <div className={styles.side}>
        <SearchInput width={320} label="Search the operations" value={search} onChange={setSearch} />
        <p className={styles.count} role="status">
          {plural(
            found.reduce((total, group) => total + group.operations.length, 0),
            'operation',
          )}
        </p>
        <Index groups={found} shown={shown?.id} />
      </div>
      {shown ? <OperationView key={shown.id} document={document} operation={shown} /> : <Empty title="No operation has these words">Search for a path, a tag or a word of what an operation does.</Empty>}
    </div>
  )
}
