/** Paths of the APIs behind a provider's base URL; with /v1/ before them, the gateway's own endpoints. */
export const API_NAMES = ['chat/completions', 'completions', 'embeddings', 'responses', 'messages'] as const

export type ApiName = (typeof API_NAMES)[number]

interface ProviderFacts {
  /** For people. */
  title: string
  /** Without a slash at the end. */
  baseUrl: string
  apis: readonly ApiName[]
}

/**
 * Providers that config.yml need not describe. NAME_API_KEY holds the keys of each and NAME_BASE_URL another address;
 * variables, questions of a first deploy, settings and the gateway's list of providers are all made from this table.
 */
export const KEYED_PROVIDERS = {
  openrouter: { title: 'OpenRouter', baseUrl: 'https://openrouter.ai/api/v1', apis: API_NAMES },
  // https://ai.google.dev/gemini-api/docs/openai
  gemini: {
    title: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    apis: ['chat/completions', 'embeddings'],
  },
  openai: {
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    apis: ['chat/completions', 'completions', 'embeddings', 'responses'],
  },
  // Its own API, and the one for clients of OpenAI: https://docs.anthropic.com/en/api/openai-sdk
  anthropic: {
    title: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    apis: ['messages', 'chat/completions'],
  },
} as const satisfies Record<string, ProviderFacts>

export type KeyedProvider = keyof typeof KEYED_PROVIDERS

export const KEYED_PROVIDER_NAMES = Object.keys(KEYED_PROVIDERS) as KeyedProvider[]

/** The built-in provider and its one model, which needs no key and which no mapping can take away. */
export const ECHO = 'echo'

/** Names that config.yml cannot give to its own providers. */
export const BUILT_IN_PROVIDERS: readonly string[] = [...KEYED_PROVIDER_NAMES, ECHO]

/** Where a model goes whose mapping names no provider. */
export const DEFAULT_PROVIDER = 'openrouter' satisfies KeyedProvider

/** The variable that holds the keys of a provider with this name. */
export function keyVariableOf<Name extends string>(name: Name): `${Uppercase<Name>}_API_KEY` {
  return `${variablePrefix(name)}_API_KEY`
}

/** The variable that holds another address for a built-in provider. */
export function baseUrlVariableOf<Name extends string>(name: Name): `${Uppercase<Name>}_BASE_URL` {
  return `${variablePrefix(name)}_BASE_URL`
}

function variablePrefix<Name extends string>(name: Name): Uppercase<Name> {
  return name.toUpperCase().replaceAll('-', '_') as Uppercase<Name>
}
