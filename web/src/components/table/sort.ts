// Sorting of tables, as the URL writes it: `calls` ascending, `-calls` descending.

export interface Sort {
  key: string
  descending: boolean
}

export type Sortable = string | number | null

export function parseSort(text: string): Sort {
  return text.startsWith('-') ? { key: text.slice(1), descending: true } : { key: text, descending: false }
}

export function formatSort({ key, descending }: Sort): string {
  return descending ? `-${key}` : key
}

/** What a click on a column's head makes of the sort: numbers begin with the largest, names with A. */
export function toggled(current: Sort, key: string, numeric: boolean): Sort {
  return current.key === key ? { key, descending: !current.descending } : { key, descending: numeric }
}

/** Rows in order; what has no value is last in either direction, and equals keep their order. */
export function sorted<Row>(rows: readonly Row[], value: (row: Row) => Sortable, descending: boolean): Row[] {
  const sign = descending ? -1 : 1
  return [...rows].sort((a, b) => {
    const x = value(a)
    const y = value(b)
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1
    if (typeof x === 'string' && typeof y === 'string') return sign * x.localeCompare(y, 'en', { numeric: true })
    return sign * (Number(x) - Number(y))
  })
}
