import type { Endpoint } from '../apis/api.ts'
import type { References } from '../apis/objects/references.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { type ApiProblem, problems } from '../problems.ts'

/** How many of the encrypted parts of a conversation are looked up, the newest first. */
const MAX_LOOKED_UP = 8

/**
 * Binds a request to the key that made what it refers to, because no other key can read it. What is not known goes where
 * any request would go, and the provider decides.
 * @returns a problem if the caller may not use one of the objects
 */
export function bindToMaker(exchange: Exchange<Endpoint>, { objects, encrypted }: References): ApiProblem | undefined {
  const known = exchange.services.objects
  const homes = known.findAll(objects.map(({ id }) => id))
  const foreign = objects.find((_, at) => homes[at] && !exchange.mayUse(homes[at]))
  if (foreign) return problems.objectNotFound(foreign.id, foreign.member)
  const newestFirst = encrypted.slice(-MAX_LOOKED_UP).toReversed()
  const maker = [...homes, ...known.findAll(newestFirst)].find((home) => home !== undefined)
  if (maker) exchange.bindTo(maker)
  return undefined
}
