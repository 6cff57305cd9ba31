// The column of tables whose rows health rules judge.
import { paths } from '../../app/paths'
import type { Column } from '../table/DataTable'
import { HealthIcon, healthOrder } from './HealthIcon'
import type { HealthOf } from './queries'

/** `application`: none in a list of applications. Rows that are no entity have no id. */
export function healthColumn<Row>(healthOf: HealthOf, idOf: (row: Row) => number | null, nameOf: (row: Row) => string, application?: number): Column<Row> {
  const known = (row: Row) => {
    const id = idOf(row)
    return id === null ? undefined : healthOf(id)
  }
  return {
    key: 'health',
    label: 'Health',
    value: (row) => healthOrder(known(row)),
    render: (row) => <HealthIcon known={known(row)} name={nameOf(row)} to={paths.violations(application ?? idOf(row) ?? undefined)} extra={application === undefined ? undefined : { entity: idOf(row) ?? 0 }} />,
  }
}
