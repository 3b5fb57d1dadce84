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
/** Subschemas in each other. */
const MAX_DEPTH = 250
/** Objects and arrays in each other; a schema with more of them is left to Google, which refuses it. */
const MAX_NESTING = 500
/** What references and combinations may add to the text of a schema, in characters, because they can multiply. */
const MAX_COPIED_LENGTH = 4 * 2 ** 20
/** Stands for a part that cannot be written out. */
const ANY_OBJECT = { type: 'object' }

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
    if (!isObject(given) || isNestedDeeper(given, MAX_NESTING)) continue
    const text = JSON.stringify(accepted(given))
    if (text !== JSON.stringify(given)) edits.push({ ...schema, text })
  }
  return applyEdits(body, edits)
}

/** Without recursion, which such a value could overflow. */
function isNestedDeeper(value: Json, limit: number): boolean {
  let level: object[] = [value]
  for (let depth = 0; depth < limit; depth++) {
    level = level.flatMap((one) => Object.values(one).filter((inner) => typeof inner === 'object' && inner !== null))
    if (level.length === 0) return false
  }
  return true
}

function accepted(schema: Json): Json {
  const work = { root: schema, subschemas: MAX_SUBSCHEMAS, copied: MAX_COPIED_LENGTH, lengths: new Map() }
  return asAccepted(written(schema, { work, depth: 0, open: [] }))
}

/** The state of the work on one schema. */
interface Work {
  /** The whole schema, which references lead into. */
  root: Json
  /** Subschemas that may still be written. */
  subschemas: number
  /** Characters that references and combinations may still add. */
  copied: number
  /** Of the targets of references. */
  lengths: Map<string, number>
}

interface Place {
  work: Work
  depth: number
  /** References that are being resolved. */
  open: readonly string[]
}

/** A schema in which references, `allOf` and what Google knows under another name are written out. */
function written(schema: Json, place: Place): Json {
  const { work, depth } = place
  if (work.subschemas-- <= 0 || depth > MAX_DEPTH) return ANY_OBJECT
  const inner = { ...place, depth: depth + 1 }
  const { $ref: reference, allOf, oneOf, ...own } = schema
  const result = withInnerSchemas(translated(own), inner)
  const parts: Json[] = []
  const { type } = own
  if (Array.isArray(type)) parts.push(ofTypes(type))
  if (Array.isArray(oneOf)) parts.push({ anyOf: oneOf.map((one) => subschema(one, inner)) })
  if (typeof reference === 'string') parts.push(target(reference, inner))
  for (const part of listOf(allOf)) if (isObject(part)) parts.push(written(part, inner))
  for (const part of parts) mergeSchema(result, part, work)
  return result
}

/** Keywords that have another name. */
function translated({ const: constant, exclusiveMinimum, exclusiveMaximum, ...result }: Json): Json {
  if (Array.isArray(result['type'])) delete result['type']
  if (typeof constant === 'string') result['enum'] ??= [constant]
  if (typeof exclusiveMinimum === 'number') result['minimum'] ??= exclusiveMinimum
  if (typeof exclusiveMaximum === 'number') result['maximum'] ??= exclusiveMaximum
  return result
}

/** Google knows one type, and whether null is allowed. */
function ofTypes(type: unknown[]): Json {
  const types = type.filter((name) => name !== 'null')
  if (types.length === 0) return type.length === 0 ? {} : { type: 'null' }
  const nullable = types.length < type.length && { nullable: true }
  const chosen = types.length === 1 ? { type: types[0] } : { anyOf: types.map((name) => ({ type: name })) }
  return { ...chosen, ...nullable }
}

function withInnerSchemas({ prefixItems, ...schema }: Json, place: Place): Json {
  const { properties, items, anyOf } = schema
  if (isObject(properties)) {
    const entries = Object.entries(properties)
    schema['properties'] = Object.fromEntries(entries.map(([name, value]) => [name, subschema(value, place)]))
  }
  if (Array.isArray(prefixItems))
    schema['items'] = ofTuple([...prefixItems, ...(isObject(items) ? [items] : [])], place)
  else if (Array.isArray(items)) schema['items'] = ofTuple(items, place)
  else if (items !== undefined) schema['items'] = subschema(items, place)
  if (Array.isArray(anyOf)) schema['anyOf'] = anyOf.map((one) => subschema(one, place))
  return schema
}

/** Google knows one schema for all elements of an array. */
function ofTuple(elements: unknown[], place: Place): unknown {
  if (elements.length <= 1) return subschema(elements[0] ?? true, place)
  return { anyOf: elements.map((element) => subschema(element, place)) }
}

/** A schema may be `true` or `false` too, which Google does not know. */
function subschema(value: unknown, place: Place): unknown {
  if (typeof value === 'boolean') return {}
  return isObject(value) ? asAccepted(written(value, place)) : value
}

/** The schema that a reference leads to. */
function target(reference: string, place: Place): Json {
  const { work, open } = place
  const found = open.includes(reference) ? undefined : followed(reference, work.root)
  if (!isObject(found)) return ANY_OBJECT
  const length = work.lengths.get(reference) ?? JSON.stringify(found).length
  work.lengths.set(reference, length)
  work.copied -= length
  return work.copied < 0 ? ANY_OBJECT : written(found, { ...place, open: [...open, reference] })
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-6 */
function followed(reference: string, root: Json): unknown {
  if (!reference.startsWith('#')) return undefined
  let found: unknown = root
  for (const step of reference.slice(1).split('/').slice(1)) {
    const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
    found = (isObject(found) || Array.isArray(found)) && Object.hasOwn(found, name) ? (found as Json)[name] : undefined
  }
  return found
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

/** Adds to a schema what another one asks for too. Where they differ, the first one stays. */
function mergeSchema(schema: Json, { properties, required, anyOf, ...rest }: Json, work: Work): void {
  for (const [name, value] of Object.entries(rest)) schema[name] ??= value
  const { properties: own } = schema
  if (isObject(properties)) schema['properties'] = { ...properties, ...(isObject(own) ? own : {}) }
  if (Array.isArray(required)) schema['required'] = [...new Set([...listOf(schema['required']), ...required])]
  if (Array.isArray(anyOf)) schema['anyOf'] = combined(listOf(schema['anyOf']), anyOf, work)
}

/** Google knows one list of alternatives: of two, every pair that does not contradict itself. */
function combined(first: unknown[], second: unknown[], work: Work): unknown[] {
  if (first.length === 0 || second.length === 0) return first.length === 0 ? second : first
  const length = JSON.stringify(first).length * second.length + JSON.stringify(second).length * first.length
  if (length > work.copied) return first
  work.copied -= length
  const pairs = first.flatMap((one) => second.map((other) => pair(one, other, work))).filter((one) => one !== undefined)
  return pairs.length === 0 ? first : pairs
}

function pair(one: unknown, other: unknown, work: Work): Json | undefined {
  if (!isObject(one) || !isObject(other)) return undefined
  const { type } = one
  if (type !== undefined && other['type'] !== undefined && type !== other['type']) return undefined
  const both = { ...one }
  mergeSchema(both, other, work)
  return both
}

/** Without what Google refuses. */
function asAccepted(schema: Json): Json {
  const { type, format, enum: values, properties, required } = schema
  const result: Json = Object.fromEntries(Object.entries(schema).filter(([name]) => ALLOWED.has(name)))
  if (typeof format === 'string' && type === 'string' && !TEXT_FORMATS.has(format)) delete result['format']
  if (Array.isArray(values) && !values.every((value) => typeof value === 'string')) delete result['enum']
  if (!Array.isArray(required)) return result
  // It also refuses a name that is required and not described.
  const known = required.filter((name) => isObject(properties) && Object.hasOwn(properties, String(name)))
  if (known.length === 0) delete result['required']
  else result['required'] = known
  return result
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
