import { ActionIcon, Button, Popover, TextInput } from '@mantine/core'
import { IconBookmark, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { Link, useSearchParams } from 'react-router'
import type { Page, SavedSearch } from '../../api/types'
import { paths } from '../../app/paths'
import { Loaded } from '../../components/states/Loaded'
import { readSaved, savedQuery } from './model/filter'
import { useDeleteSearch, useSavedSearches, useSaveSearch } from './queries'
import styles from './Traces.module.css'

/** The user's own searches: open one, forget one, keep the one at hand. */
export function SavedSearches({ application }: { application: number | undefined }) {
  const [opened, setOpened] = useState(false)
  return (
    <Popover opened={opened} onChange={setOpened} width={340} position="bottom-end" trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<IconBookmark size={14} />} onClick={() => setOpened(!opened)}>
          Saved searches
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Saved searches">{opened && <SavedList application={application} onOpen={() => setOpened(false)} />}</Popover.Dropdown>
    </Popover>
  )
}

function hrefOf(search: SavedSearch): string {
  const { application, query } = readSaved(search.query)
  return `${paths.traces(application)}?${query}`
}

function SavedList({ application, onOpen }: { application: number | undefined; onOpen(): void }) {
  const query = useSavedSearches(true)
  const forget = useDeleteSearch()
  return (
    <div className={styles.saved}>
      <Loaded query={query} what="your saved searches" lines={3}>
        {({ items }: Page<SavedSearch>) =>
          items.length === 0 ? (
            <p>You have none yet. Give the search at hand a name to find it here again.</p>
          ) : (
            <ul>
              {items.map((search) => (
                <li key={search.id}>
                  <Link to={hrefOf(search)} onClick={onOpen} title={decodeURIComponent(search.query.replaceAll('+', ' '))}>
                    {search.name}
                  </Link>
                  <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Forget ${search.name}`} loading={forget.isPending && forget.variables === search.id} onClick={() => forget.mutate(search.id)}>
                    <IconTrash size={14} />
                  </ActionIcon>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {forget.error && <p role="alert">{forget.error.message}</p>}
      <SaveForm application={application} taken={query.data?.items ?? []} />
    </div>
  )
}

function SaveForm({ application, taken }: { application: number | undefined; taken: SavedSearch[] }) {
  const [params] = useSearchParams()
  const [name, setName] = useState('')
  const save = useSaveSearch()
  const replaces = taken.some((search) => search.name === name.trim())
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate({ name: name.trim(), query: savedQuery(params, application) }, { onSuccess: () => setName('') })
      }}
    >
      <TextInput aria-label="Name of this search" placeholder="Name of this search" maxLength={100} value={name} error={save.error?.message} onChange={(event) => setName(event.currentTarget.value)} />
      <Button type="submit" disabled={name.trim() === ''} loading={save.isPending}>
        {replaces ? 'Replace' : 'Save'}
      </Button>
    </form>
  )
}
