import { fillWildcards, wildcardsOf } from './patterns.ts'
import type { Serving } from './serving.ts'

/** A model that clients may name, and the provider that serves it. */
export interface ListedModel {
  id: string
  provider: string
}

/**
 * The models that are mapped by name, and those that patterns lead to, as far as their providers list them. Providers
 * without a key are left out.
 */
export async function listedModels({ routing, providers }: Serving): Promise<ListedModel[]> {
  const found = new Map(routing.named.map((model) => [model.id, model]))
  const lists = routing.patterns.map(async ({ pattern, target }) => {
    const provider = providers.get(target.provider)
    const ids = provider?.missing === undefined ? await provider?.models?.() : undefined
    return { pattern, target, ids: ids ?? [] }
  })
  for (const { pattern, target, ids } of await Promise.all(lists)) {
    for (const model of ids) {
      const id = nameOf(pattern, target.model, model)
      const route = id === undefined ? undefined : routing.find(id)
      // Another name or pattern may be in force for this one.
      const isReached = route?.provider === target.provider && route.model === model
      if (id !== undefined && isReached && !found.has(id)) found.set(id, { id, provider: target.provider })
    }
  }
  return [...found.values()]
}

/** The name by which a pattern leads to this model of a provider; undefined if it does not. */
function nameOf(pattern: string, target: string, model: string): string | undefined {
  const wildcards = wildcardsOf(target, model)
  const isComplete = wildcards?.length === pattern.split('*').length - 1
  return wildcards && isComplete ? fillWildcards(pattern, wildcards) : undefined
}
