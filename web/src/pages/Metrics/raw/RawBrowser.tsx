import { useDebouncedValue } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { Card } from '../../../components/card/Card'
import { RawFilterBar } from './RawFilterBar'
import { RawList } from './RawList'
import { RawSelected } from './RawSelected'
import { useRawState } from './useRawState'

/** What agents sent, under its own names. */
export function RawBrowser({ application, views }: { application: number; views: ReactNode }) {
  const state = useRawState()
  const [text] = useDebouncedValue(state.filter.text, 250)
  return (
    <>
      <Card title="Series" actions={views} grow>
        <RawFilterBar application={application} filter={state.filter} onChange={state.change} />
        <RawList application={application} filter={{ ...state.filter, text }} state={state} />
      </Card>
      <RawSelected state={state} />
    </>
  )
}
