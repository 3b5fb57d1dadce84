import { Ajv, type ErrorObject } from 'ajv'
import { LineCounter, parseDocument } from 'yaml'
import { configInvalid } from '../user-error.ts'

/** config.yml. */
export interface GatewayConfig {
  /** Model name or pattern with `*` -> `provider:model`, or a model of OpenRouter. */
  modelMappings: Record<string, string>
}

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['model_mappings'],
  properties: {
    model_mappings: {
      type: 'object',
      propertyNames: { minLength: 1 },
      additionalProperties: { type: 'string', minLength: 1 },
    },
  },
} as const

const matchesSchema = new Ajv({ allErrors: true, verbose: true }).compile<{ model_mappings: Record<string, string> }>(
  SCHEMA,
)

/**
 * Reads the text of a config.yml, `file` being its name in messages.
 * @throws UserError CONFIG_INVALID that names every problem with its place
 */
export function parseConfigFile(text: string, file: string): GatewayConfig {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const hint = `correct ${file}; the packaged config.yml is an example`
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      return `${file} line ${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`
    })
    throw configInvalid(problems.join('\n'), hint)
  }
  const value: unknown = document.toJS() ?? {}
  if (matchesSchema(value)) return { modelMappings: value.model_mappings }
  throw configInvalid((matchesSchema.errors ?? []).map((error) => `${file}: ${describe(error)}`).join('\n'), hint)
}

function describe({ instancePath, keyword, params, data }: ErrorObject): string {
  const path = instancePath.slice(1).replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') || 'top level'
  switch (keyword) {
    case 'additionalProperties':
      return `${path}: found the key ${JSON.stringify(params['additionalProperty'])}, allowed: ${Object.keys(SCHEMA.properties).join(', ')}`
    case 'required':
      return `${path}: ${params['missingProperty']} is missing`
    case 'type':
      return `${path}: found ${JSON.stringify(data)}, allowed: ${params['type']}`
    default:
      return `${path}: found an empty text, allowed: a name`
  }
}
