import { RELAYED, type RelayedEndpoint } from './endpoints.ts'

/** Where clients of Azure name the model. */
const DEPLOYMENT = '/openai/deployments/[^/]+'
const NO_ENDPOINTS: readonly RelayedEndpoint[] = []

/** The endpoints with the same path, one for each of its methods. */
export interface RelayedPath {
  endpoint: string
  endpoints: readonly RelayedEndpoint[]
  /** Its requests may have one model, so that it is also below a deployment of Azure. */
  isModelled: boolean
  pattern: RegExp
}

/** Paths without an id are before those that would take a part of them for an id. */
export const RELAYED_PATHS: readonly RelayedPath[] = [...new Set(RELAYED.map(({ endpoint }) => endpoint))].map(
  (endpoint) => {
    const endpoints = RELAYED.filter((one) => one.endpoint === endpoint)
    const isModelled = endpoints.some(({ model }) => model === 'required' || model === 'optional')
    const below = endpoint.replace(/^\/v1/, '').replaceAll(':id', '[^/]+')
    const pattern = new RegExp(`^(?:/v1${isModelled ? `|${DEPLOYMENT}` : ''})?${below}/?$`)
    return { endpoint, endpoints, isModelled, pattern }
  },
)

/** The endpoints that are at the path of a request; empty if nothing is relayed there. */
export function relayedAt(path: string): readonly RelayedEndpoint[] {
  return RELAYED_PATHS.find(({ pattern }) => pattern.test(path))?.endpoints ?? NO_ENDPOINTS
}

/** Methods of other endpoints that would take this path for an id. */
export function methodsOfIds(path: RelayedPath): RelayedEndpoint['method'][] {
  const others = RELAYED_PATHS.filter((other) => other !== path && other.pattern.test(path.endpoint))
  const methods = others.flatMap(({ endpoints }) => endpoints.map(({ method }) => method))
  return methods.filter((method) => !path.endpoints.some((own) => own.method === method))
}
