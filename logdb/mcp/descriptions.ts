interface Described {
  name: string
  description: string
  /** Names of its arguments. */
  arguments: readonly (keyof typeof ARGUMENTS)[]
  required: readonly string[]
  /** True if it shows, or depends on, what was said. */
  needsBodies: boolean
}

const ARGUMENTS = {
  query: 'words and "quoted phrases" that must all occur in a message',
  role: 'who said it: user, assistant, system, tool or error',
  id: 'id of a request or its beginning, x-request-id, or, for dialog, id of a dialog',
  by: 'some of day, hour, model, key, provider, endpoint, outcome, status, with commas; by default day,model',
  since: 'first time, in UTC: 2025-09-15, today, yesterday, 7d, 2h or 2025-09-15T10:30',
  to: 'last time or day, included',
  key: 'hash or name of the API key',
  model: 'model asked for or answered by; * matches anything',
  endpoint: 'for example /v1/chat/*',
  status: 'HTTP status, for example 200 or 5xx',
  limit: 'at most this many results, from 1 to 50; by default 20',
  cursor: 'for more of an answer: the cursor that it named',
} as const

const FILTERS = ['since', 'to', 'key', 'model', 'endpoint', 'status'] as const

const DESCRIBED: readonly Described[] = [
  {
    name: 'search',
    description: 'Find messages in the logged LLM requests by their text, the latest first',
    arguments: ['query', 'role', ...FILTERS, 'limit', 'cursor'],
    required: ['query'],
    needsBodies: true,
  },
  {
    name: 'list',
    description: 'List the latest logged LLM requests: time, id, model, key, status, tokens in/out, latency, question',
    arguments: [...FILTERS, 'limit', 'cursor'],
    required: [],
    needsBodies: false,
  },
  {
    name: 'show',
    description: 'Show one logged request and its answer',
    arguments: ['id', 'cursor'],
    required: ['id'],
    needsBodies: false,
  },
  {
    name: 'dialog',
    description: 'Show the requests of a dialog, or of the conversation of a request, each with what it adds',
    arguments: ['id', 'cursor'],
    required: ['id'],
    needsBodies: false,
  },
  {
    name: 'stats',
    description: 'Count requests, errors, cut answers and tokens, and give percentiles of latencies',
    arguments: ['by', ...FILTERS, 'cursor'],
    required: [],
    needsBodies: false,
  },
]

/** The tools of a session, as MCP describes them. */
export function describedTools({ hasBodies }: { hasBodies: boolean }) {
  return DESCRIBED.filter(({ needsBodies }) => hasBodies || !needsBodies).map((tool) => ({
    name: tool.name,
    description: tool.description,
    inputSchema: {
      type: 'object' as const,
      properties: Object.fromEntries(
        tool.arguments.map((name) => [name, { type: 'string', description: ARGUMENTS[name] }]),
      ),
      required: [...tool.required],
    },
    annotations: { readOnlyHint: true, openWorldHint: false },
  }))
}
