import { RangeLink } from '../../components/link/RangeLink'
import { Empty } from '../../components/states/Empty'

export function NotFoundPage() {
  return (
    <Empty title="There is no such page" level={1}>
      <RangeLink to="/applications">All applications</RangeLink>
    </Empty>
  )
}
