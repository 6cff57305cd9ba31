import { Tabs, TextInput } from '@mantine/core'
import { useConnect } from '../../api/queries'
import type { Connect } from '../../api/types'
import { useUrlState } from '../../app/urlState'
import { Card } from '../../components/card/Card'
import { Copy } from '../../components/copy/Copy'
import { Loaded } from '../../components/states/Loaded'
import { Attempts } from './Attempts'
import styles from './Connect.module.css'
import { WAYS, type Step, type Target } from './snippets'

export function ConnectPanel() {
  const connect = useConnect()
  return (
    <div className={styles.panel}>
      <Card>
        <Loaded query={connect} what="how to connect">
          {(data: Connect) => <Ways connect={data} />}
        </Loaded>
      </Card>
      <Attempts />
    </div>
  )
}

function Ways({ connect }: { connect: Connect }) {
  const [application, setApplication] = useUrlState('application', 'shop')
  const [environment, setEnvironment] = useUrlState('environment', 'production')
  const [tier, setTier] = useUrlState('tier', 'my-service')
  const [way, setWay] = useUrlState('way', 'python')
  const target: Target = { url: connect.otlp_http_url, accessKey: connect.access_key, caFingerprint: connect.ca_fingerprint_sha256, application, environment, tier }
  return (
    <>
      <div className={styles.settings}>
        <TextInput label="Application" description="service.namespace" value={application} onChange={(e) => setApplication(e.currentTarget.value)} />
        <TextInput label="Environment" description="deployment.environment.name" value={environment} onChange={(e) => setEnvironment(e.currentTarget.value)} />
        <TextInput label="Tier" description="service.name" value={tier} onChange={(e) => setTier(e.currentTarget.value)} />
        <dl className={styles.facts}>
          <Fact name="Address" value={connect.otlp_http_url} />
          <Fact name="Access key" value={connect.access_key} />
          <Loopback loopback={connect.loopback} />
        </dl>
      </div>
      <Tabs value={way} onChange={setWay} keepMounted={false}>
        <Tabs.List px="sm">
          {WAYS.map((w) => (
            <Tabs.Tab key={w.id} value={w.id}>
              {w.label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {WAYS.map((w) => (
          <Tabs.Panel key={w.id} value={w.id}>
            <ol className={styles.steps}>
              {w.steps(target).map((step, i) => (
                <StepView key={step.title} step={step} number={i + 1} />
              ))}
            </ol>
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  )
}

/** The plain-text ports of the server's own machine; one that is off is empty and not offered. */
function Loopback({ loopback }: { loopback: Connect['loopback'] }) {
  const doors = [
    { address: loopback.grpc, protocol: 'gRPC' },
    { address: loopback.http, protocol: 'HTTP' },
  ].filter((door) => door.address)
  if (doors.length === 0) return null
  return (
    <>
      <dt>On this machine</dt>
      <dd>
        {doors.map((door) => (
          <span key={door.protocol}>
            <code>{door.address}</code> {door.protocol},{' '}
          </span>
        ))}
        without TLS
      </dd>
    </>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <code>{value}</code>
        <Copy text={value} label={`Copy the ${name.toLowerCase()}`} />
      </dd>
    </>
  )
}

function StepView({ step, number }: { step: Step; number: number }) {
  return (
    <li className={styles.step}>
      <h2>
        <span aria-hidden>{number}</span>
        {step.title}
      </h2>
      <div className={styles.code}>
        <pre>{step.code}</pre>
        <Copy text={step.code} label={`Copy step ${number}`} />
      </div>
      {step.remark && <p>{step.remark}</p>}
    </li>
  )
}
