import { OPEN_BRACE } from '../../../kit/ascii.ts'
import { isObject } from '../../../kit/json.ts'
import { applyEdits, type Edit } from '../../json/edit.ts'
import type { Json } from '../../json/parse.ts'
import { elementsOf, scanInnerObject, valueAt } from '../../json/scan.ts'

const TOOLS = Buffer.from('"tools"')
/** What Google takes in the schema of a function: https://ai.google.dev/api/caching#Schema. It refuses every other name. */
const ALLOWED = new Set(
  `type format title description nullable enum maxItems minItems properties required minProperties maxProperties
  minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum`.split(/\s+/),
)
const TEXT_FORMATS = new Set(['enum', 'date-time'])
const MAX_SUBSCHEMAS = 10_000

/** A request whose tools have schemas that Google accepts; the same bytes if nothing has to change. */
export function withAcceptedSchemas(body: Buffer): Buffer {
  if (!body.includes(TOOLS)) return body
  const { tools } = scanInnerObject(body, body.indexOf(OPEN_BRACE), ['tools'])
  const edits: Edit[] = []
  for (const tool of tools ? elementsOf(body, tools.start) : []) {
    const called = scanInnerObject(body, tool.start, ['function']).function
    const schema = called && scanInnerObject(body, called.start, ['parameters']).parameters
    if (!schema || body[schema.start] !== OPEN_BRACE) continue
    const given = valueAt(body, schema)
    const text = JSON.stringify(isObject(given) ? accepted(given, { root: given, left: MAX_SUBSCHEMAS }, []) : given)
    if (text !== JSON.stringify(given)) edits.push({ ...schema, text })
  }
  return applyEdits(body, edits)
}

/** The state of the work on one schema. */
interface Work {
  /** The whole schema, which references lead into. */
  root: Json
  /** Subschemas that may still be written: references to references can multiply. */
  left: number
}

/** @param open references that are being resolved */
function accepted(schema: Json, work: Work, open: readonly string[]): Json {
  const { $ref: reference } = schema
  if (work.left-- <= 0 || (typeof reference === 'string' && open.includes(reference))) return { type: 'object' }
  const opened = typeof reference === 'string' ? [...open, reference] : open
  const inner = (value: unknown) => (isObject(value) ? accepted(value, work, opened) : value)
  const whole = translated(resolved(schema, work.root))
  const { type, format, enum: values, properties, items, anyOf, required } = whole
  const result: Json = Object.fromEntries(Object.entries(whole).filter(([name]) => ALLOWED.has(name)))
  if (isObject(properties)) result['properties'] = mapValues(properties, inner)
  if (isObject(items)) result['items'] = inner(items)
  if (Array.isArray(anyOf)) result['anyOf'] = anyOf.map(inner)
  if (typeof format === 'string' && type === 'string' && !TEXT_FORMATS.has(format)) delete result['format']
  if (Array.isArray(values) && !values.every((value) => typeof value === 'string')) delete result['enum']
  if (Array.isArray(required)) setRequired(result, required)
  return result
}

/** Google also refuses a name that is required and not described. */
function setRequired(schema: Json, required: unknown[]): void {
  const { properties } = schema
  const known = required.filter((name) => isObject(properties) && Object.hasOwn(properties, String(name)))
  if (known.length === 0) delete schema['required']
  else schema['required'] = known
}

/** The schema that a reference leads to, with what stands next to the reference. */
function resolved({ $ref: reference, ...rest }: Json, root: Json): Json {
  if (typeof reference !== 'string') return rest
  const path = reference.replace(/^#\/?/, '').split('/')
  let target: unknown = root
  for (const step of path.filter((name) => name !== '')) {
    target = isObject(target) ? target[decodeURIComponent(step)] : undefined
  }
  const { $ref: next, ...found } = isObject(target) ? target : { type: 'object' }
  return { ...(next === undefined ? found : { ...found, type: 'object' }), ...rest }
}

/** Keywords that Google knows under another name. */
function translated({ const: constant, oneOf, allOf, exclusiveMinimum, exclusiveMaximum, ...schema }: Json): Json {
  const result = withOneType(schema)
  if (typeof constant === 'string') result['enum'] ??= [constant]
  if (Array.isArray(oneOf)) result['anyOf'] ??= oneOf
  if (typeof exclusiveMinimum === 'number') result['minimum'] ??= exclusiveMinimum
  if (typeof exclusiveMaximum === 'number') result['maximum'] ??= exclusiveMaximum
  for (const part of Array.isArray(allOf) ? allOf.filter(isObject) : []) mergeSchema(result, part)
  return result
}

function mergeSchema(schema: Json, { properties, required, ...rest }: Json): void {
  for (const [name, value] of Object.entries(rest)) schema[name] ??= value
  if (isObject(properties)) schema['properties'] = { ...asObject(schema['properties']), ...properties }
  if (Array.isArray(required)) schema['required'] = [...listOf(schema['required']), ...required]
}

/** Google knows one type, and whether null is allowed. */
function withOneType(given: Json): Json {
  const { type, ...schema } = given
  if (!Array.isArray(type)) return { ...given }
  const types = type.filter((name) => name !== 'null')
  const nullable = types.length < type.length && { nullable: true }
  if (types.length === 1) return { type: types[0], ...schema, ...nullable }
  return { ...schema, ...nullable, anyOf: types.map((name) => ({ type: name })) }
}

function mapValues(object: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
