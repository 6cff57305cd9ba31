import { Button, NativeSelect } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import type { Account } from '../../api/types'
import { Card } from '../../components/card/Card'
import { Loaded } from '../../components/states/Loaded'
import { serverNow } from '../../time/clock'
import { browserZone, TIME_ZONES } from '../../time/zone'
import page from '../page.module.css'
import { useAccount, useSetTimeZone } from './account'
import styles from './Administration.module.css'

/** The account: by whose hours its baselines go. */
export function AccountPage() {
  const account = useAccount()
  return (
    <div className={page.page}>
      <Card title="Account" note={account.data?.name}>
        <Loaded query={account} what="the account">
          {(data: Account) => <TimeZoneForm key={data.id} account={data} />}
        </Loaded>
      </Card>
    </div>
  )
}

/** The wall clock of a zone, with how far it is from UTC. */
function clockOf(zone: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: zone, weekday: 'long', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset' }).format(serverNow())
}

function TimeZoneForm({ account }: { account: Account }) {
  const [zone, setZone] = useState(account.time_zone)
  const set = useSetTimeZone()
  const zones = TIME_ZONES.includes(account.time_zone) ? TIME_ZONES : [account.time_zone, ...TIME_ZONES]
  const submit = (event: FormEvent) => {
    event.preventDefault()
    set.mutate(zone)
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <NativeSelect label="Time zone of the account" data={zones} value={zone} error={set.error?.message} onChange={(e) => setZone(e.currentTarget.value)} />
      <Button type="submit" loading={set.isPending} disabled={zone === account.time_zone}>
        Set the time zone
      </Button>
      {browserZone !== zone && (
        <Button variant="default" onClick={() => setZone(browserZone)}>
          Take this browser’s: {browserZone}
        </Button>
      )}
      <div className={styles.account} role="status">
        <p>
          It is {clockOf(zone)} there. {set.isSuccess && zone === account.time_zone && <b>Set.</b>}
        </p>
        <p>Baselines go by its hours, weekdays and days of the month, and follow its daylight-saving time: nine o’clock is compared with nine o’clock. They are learnt anew from what is stored when it changes. New schedules of health rules go by it too, and those that a new application begins with. In which zone this browser shows times is chosen in the menu of the user.</p>
      </div>
    </form>
  )
}
