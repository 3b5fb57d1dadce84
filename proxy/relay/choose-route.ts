import type { Exchange } from '../exchange/exchange.ts'
import type { Route } from '../exchange/outcome.ts'
import { type ApiProblem, problems } from '../problems.ts'
import type { Provider } from '../providers/provider.ts'
import { bindToMaker } from '../routing/bind-to-maker.ts'
import type { Limits } from '../routing/limits.ts'
import { reachableProviders } from '../routing/reachable.ts'
import type { Serving } from '../routing/serving.ts'
import type { RelayedEndpoint } from './endpoints.ts'
import type { RelayedBody } from './relayed-body.ts'

/** Who decides where requests go. */
export interface RelayContext {
  serving: Serving
  limits: Limits
  /** There are several API keys, so objects of one must be hidden from the others. */
  hasSeveralKeys: boolean
}

/** A provider that may answer, and the names of the models there. */
export interface RelayCandidate {
  route: Route
  provider: Provider
  toName: (model: string) => string
}

/** Whose paths are these: asked if several providers could answer and the request names none. */
const USUAL_PROVIDERS = { openai: 'openai', anthropic: 'anthropic' }

/**
 * Finds where a request goes: to the provider of its model; else to that of the object which it is about; else to the one
 * that it names.
 * @param id of the object in the path
 * @returns the candidates, the best first
 */
export function chooseRoute(
  exchange: Exchange<RelayedEndpoint>,
  context: RelayContext,
  read: RelayedBody,
  id: string | undefined,
): RelayCandidate[] | ApiProblem {
  const { objects, encrypted } = read.references
  const named = id === undefined ? objects : [{ id, member: null }, ...objects]
  const foreign = bindToMaker(exchange, { objects: named, encrypted })
  if (foreign) return foreign
  if (read.models.length > 0) return byModels(exchange, context, read.models)
  const { serving, limits } = context
  if (exchange.api.model === 'optional' && limits.modelsOf(exchange.apiKey)) return problems.missing('model')
  const known = exchange.boundTo && serving.providers.get(exchange.boundTo.provider)
  const provider = known?.forward && !known.missing ? known : byName(exchange, context)
  return 'status' in provider ? provider : [withoutModel(provider)]
}

function withoutModel(provider: Provider): RelayCandidate {
  return { provider, route: { provider: provider.name, model: '', mapping: '' }, toName: (model) => model }
}

/** Every model must be allowed; several models, of a batch, must lead to one provider. */
function byModels(
  exchange: Exchange<RelayedEndpoint>,
  { serving, limits }: RelayContext,
  models: readonly string[],
): RelayCandidate[] | ApiProblem {
  const { routing, providers } = serving
  const [first = '', ...others] = [...new Set(models)]
  const refused = others.find((model) => !limits.allows(exchange.apiKey, model))
  if (refused !== undefined) return problems.modelNotAllowed(refused)
  const unknown = models.find((model) => !routing.find(model))
  if (unknown !== undefined) return problems.modelNotFound(unknown)
  const nameAt = (route: Route) => (model: string) =>
    model === first ? route.model : (routing.find(model)?.model ?? model)
  const routes = [routing.find(first) ?? [], others.length > 0 ? [] : routing.fallbacks(first)].flat()
  if (others.some((model) => routing.find(model)?.provider !== routes[0]?.provider)) return problems.severalProviders()
  const found = routes.map((route) => {
    const provider = checkProvider(exchange.api, providers.get(route.provider))
    return 'status' in provider ? provider : { route, provider, toName: nameAt(route) }
  })
  const candidates = found.filter((one) => 'route' in one)
  const makers = candidates.filter(({ provider }) => provider.name === exchange.boundTo?.provider)
  if (candidates.length > 0) return makers.length > 0 ? makers.slice(0, 1) : candidates
  return found.find((one) => 'status' in one) ?? problems.modelNotFound(first)
}

function checkProvider({ family, endpoint }: RelayedEndpoint, provider: Provider | undefined): Provider | ApiProblem {
  if (!provider) return problems.internal()
  const { name, missing, apis } = provider
  if (missing) return problems.providerNotConfigured(name, missing)
  const isServed = provider.forward && (family === undefined || apis.includes(family))
  return isServed ? provider : problems.endpointNotServed(name, endpoint, apis)
}

/** The provider in `x-provider`, or the only one that the key can reach, or the one that the API comes from. */
function byName({ api, apiKey, request }: Exchange<RelayedEndpoint>, context: RelayContext): Provider | ApiProblem {
  const reachable = reachableProviders(context.serving, context.limits, apiKey)
  const { 'x-provider': asked, 'anthropic-version': isAnthropic } = request.headers
  if (typeof asked === 'string') {
    const names = reachable.map(({ name }) => name)
    return reachable.find(({ name }) => name === asked.trim()) ?? problems.providerNotAllowed(asked, names)
  }
  const fitting = reachable.filter(({ apis }) => api.family === undefined || apis.includes(api.family))
  const [only, ...others] = fitting
  if (only && others.length === 0) return only
  const usual = api.family === 'messages' || isAnthropic ? USUAL_PROVIDERS.anthropic : USUAL_PROVIDERS.openai
  return fitting.find(({ name }) => name === usual) ?? problems.providerRequired(fitting.map(({ name }) => name))
}
