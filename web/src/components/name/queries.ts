import { useQueries, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { get } from '../../api/client'
import type { Node, Page } from '../../api/types'
import { alikeOf, applicationsToAsk, withTier, type NamedNode } from './sameNames'

/** Pages of 1,000 nodes that are asked for to name a few: nodes beyond are named without their tier. */
const MOST_PAGES = 5
/** A node never changes its tier; new ones come. */
const STALE_MS = 300_000

/** The tier of each node of an application, those that are gone too. */
async function tiersOf(application: number, signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
  const tiers = new Map<number, string>()
  let cursor: string | null = null
  for (let pages = 0; pages < MOST_PAGES && (pages === 0 || cursor !== null); pages++) {
    const page: Page<Node> = await get<Page<Node>>(`/applications/${application}/nodes`, { historical: true, baseline: 'none', limit: 1000, cursor }, signal)
    for (const node of page.items) tiers.set(node.id, node.tier.name)
    cursor = page.next
  }
  return tiers
}

/** Outside, so that the answers are put together anew only when one of them changes. */
const together = (results: UseQueryResult<ReadonlyMap<number, string>, Error>[]): ReadonlyMap<number, string> => new Map(results.flatMap(({ data }) => [...(data ?? [])]))

/** What to call a node of a list: by its tier too where another one of the list has the same name. The tiers are asked for only then. */
export function useNodeNames(nodes: readonly NamedNode[]): (node: Pick<NamedNode, 'id' | 'name'>) => string {
  const alike = useMemo(() => alikeOf(nodes), [nodes])
  const tiers = useQueries({
    queries: applicationsToAsk(nodes).map((application) => ({
      queryKey: ['tiers-of-nodes', application],
      queryFn: ({ signal }: { signal: AbortSignal }) => tiersOf(application, signal),
      staleTime: STALE_MS,
    })),
    combine: together,
  })
  return useMemo(() => ({ id, name }) => {
    const tier = alike.has(id) ? tiers.get(id) : undefined
    return tier === undefined ? name : withTier(tier, name)
  }, [alike, tiers])
}
