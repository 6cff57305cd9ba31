// The server names a backend in one line: `mysql localhost:3306/shop (host-7)`. On a page the system stands beside it,
// and the machine of a loopback address under it; this takes the line apart. Only for drawing: the name stays the name.

export interface NameParts {
  /** What to show as the name. */
  name: string
  /** The machine whose loopback address it is. */
  host: string | null
}

interface Named {
  kind: string
  name: string
  system: string | null
}

export function nameParts({ kind, name, system }: Named): NameParts {
  if (kind !== 'backend' && kind !== 'queue') return { name, host: null }
  const bare = system && name.startsWith(`${system} `) ? name.slice(system.length + 1) : name
  const [, address, host] = /^(localhost\S*) \(([^()]+)\)$/.exec(bare) ?? []
  return address && host ? { name: address, host } : { name: bare, host: null }
}

/** The far end of an exit call, of which only the name is known: the system is its first word where there is one. */
export function targetName({ type, target }: { type: string; target: { kind: string; name: string } }): string {
  const [first = '', ...rest] = target.name.split(' ')
  const named = rest.length > 0 && ['DATABASE', 'CACHE', 'MESSAGING'].includes(type)
  return nameParts({ ...target, system: named ? first : null }).name
}

/** `mysql`, `mysql on host-7`; the type where the system is unknown. */
export function systemText(entity: Named & { type: string }): string {
  const { host } = nameParts(entity)
  const system = entity.system ?? entity.type.toLowerCase()
  return host ? `${system} on ${host}` : system
}

/** The end of a name that must stay readable when its middle is cut: from its last separator on, if that is short; else its last letters, if it is long. */
export function tailOf(name: string, longest = 12): string {
  const at = Math.max(...['/', ':', '.', '-', '_'].map((separator) => name.lastIndexOf(separator)))
  const tail = at > 0 ? name.slice(at) : ''
  if (tail.length > 1 && tail.length <= longest) return tail
  return name.length > longest ? name.slice(-6) : ''
}
