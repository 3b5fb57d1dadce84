import { isObject } from '../../kit/json.ts'

/** Members that are shown elsewhere: what is said, who answers, and the tools. */
const NO_PARAMETERS = new Set([
  'messages',
  'contents',
  'input',
  'prompt',
  'system',
  'instructions',
  'systemInstruction',
  'tools',
  'functions',
  'model',
  '_original_model',
  '_removed',
  '_truncated',
  '_digest',
  '_omitted',
  '_invalid_body',
])

/** What a request asked for in addition to its conversation, as names and JSON: `temperature`, `0.2`. */
export function requestParameters(body: unknown): [name: string, json: string][] {
  if (!isObject(body)) return []
  const members = Object.entries(body).filter(([name, value]) => !NO_PARAMETERS.has(name) && value !== null)
  return members.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])
}

/** Names of the tools that a request of any API offers to the model; a tool without a name has its type. */
export function offeredTools(body: unknown): string[] {
  if (!isObject(body)) return []
  return [body['tools'], body['functions']].flatMap((tools) => (Array.isArray(tools) ? tools.flatMap(namesOf) : []))
}

function namesOf(tool: unknown): string[] {
  if (!isObject(tool)) return []
  const { name, type, function: called, custom, functionDeclarations } = tool
  if (Array.isArray(functionDeclarations)) return functionDeclarations.flatMap(namesOf)
  const inner = [called, custom].find(isObject)
  const found = [name, inner?.['name'], type].find((one) => typeof one === 'string')
  return typeof found === 'string' ? [found] : Object.keys(tool).slice(0, 1)
}
