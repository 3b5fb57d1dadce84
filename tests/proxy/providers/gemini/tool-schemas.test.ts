import { expect, test } from 'vitest'
import { withAcceptedSchemas } from '../../../../proxy/providers/gemini/tool-schemas.ts'
import { startGateway } from '../../../helpers/gateway/gateway.ts'
import { completion, reply, startRawUpstream } from '../../../helpers/gateway/raw-upstream.ts'

function requestWith(parameters: unknown): Buffer {
  return Buffer.from(
    `{ "seed":12345678901234567890,"tools":[{"type":"function","function":{"name":"f","parameters":${JSON.stringify(parameters)}}}]}`,
  )
}

// biome-ignore lint/suspicious/noExplicitAny: any schema
function sentFor(parameters: unknown): any {
  return JSON.parse(withAcceptedSchemas(requestWith(parameters)).toString()).tools[0].function.parameters
}

test('keywords that Google refuses are left out, at every depth; names of properties stay', () => {
  const inner = { type: 'string', pattern: 'x', format: 'uri', examples: ['a'], $comment: 'c' }
  const given = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: inner,
      items: { type: 'array', items: inner, uniqueItems: true },
      either: { anyOf: [inner] },
    },
    required: ['$schema', 'missing'],
  }
  const kept = { type: 'string', pattern: 'x' }
  expect(sentFor(given)).toEqual({
    type: 'object',
    properties: { $schema: kept, items: { type: 'array', items: kept }, either: { anyOf: [kept] } },
    required: ['$schema'],
  })
})

test('keywords that Google knows under another name are translated', () => {
  const properties = {
    a: { const: 'x' },
    b: { oneOf: [{ type: 'string' }, { type: 'number' }] },
    c: { type: ['string', 'null'] },
    d: { type: 'integer', exclusiveMinimum: 1, exclusiveMaximum: 9 },
    e: { allOf: [{ type: 'object', properties: { x: { type: 'string' } } }, { required: ['x'] }] },
    f: { type: ['string', 'number'] },
    g: { type: 'integer', enum: [1, 2] },
  }
  expect(sentFor({ type: 'object', properties })).toEqual({
    type: 'object',
    properties: {
      a: { enum: ['x'] },
      b: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      c: { type: 'string', nullable: true },
      d: { type: 'integer', minimum: 1, maximum: 9 },
      e: { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] },
      f: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      g: { type: 'integer' },
    },
  })
})

test('references are replaced by what they lead to; one that leads into itself ends', () => {
  const $defs = {
    city: { type: 'string', description: 'A city' },
    tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } } },
  }
  const properties = { from: { $ref: '#/$defs/city' }, tree: { $ref: '#/$defs/tree' }, lost: { $ref: '#/nowhere' } }
  expect(sentFor({ type: 'object', properties, $defs })).toEqual({
    type: 'object',
    properties: {
      from: { type: 'string', description: 'A city' },
      tree: { type: 'object', properties: { left: { type: 'object' } } },
      lost: { type: 'object' },
    },
  })
})

test('references that multiply do not fill the memory', () => {
  const names = Array.from({ length: 40 }, (_, at) => `d${at}`)
  const $defs = Object.fromEntries(
    names.map((name, at) => [
      name,
      { properties: { a: { $ref: `#/$defs/d${at + 1}` }, b: { $ref: `#/$defs/d${at + 1}` } } },
    ]),
  )
  expect(
    JSON.stringify(sentFor({ type: 'object', properties: { x: { $ref: '#/$defs/d0' } }, $defs })).length,
  ).toBeLessThan(1_000_000)
})

test('a reference to a reference, one with escapes and one to a list are followed', () => {
  const $defs = {
    first: { $ref: '#/$defs/second', description: 'first' },
    second: { $ref: '#/$defs/a~1b~0%20c' },
    'a/b~ c': { type: 'string', minLength: 1 },
    ring: { $ref: '#/$defs/gnir' },
    gnir: { $ref: '#/$defs/ring' },
    list: { anyOf: [{ type: 'number' }] },
    '100%': { type: 'integer' },
  }
  const properties = {
    a: { $ref: '#/$defs/first' },
    b: { $ref: '#/$defs/ring' },
    c: { $ref: '#/$defs/list/anyOf/0' },
    d: { $ref: '#/$defs/100%' },
    e: { $ref: 'https://example.com/schema' },
    f: { $ref: '#/$defs/constructor/name' },
  }
  expect(sentFor({ type: 'object', properties, $defs })).toEqual({
    type: 'object',
    properties: {
      a: { type: 'string', minLength: 1, description: 'first' },
      b: { type: 'object' },
      c: { type: 'number' },
      d: { type: 'integer' },
      e: { type: 'object' },
      f: { type: 'object' },
    },
  })
})

test('the parts of allOf are translated like every other schema', () => {
  const $defs = {
    Color: { type: 'string', enum: ['red', 'blue'] },
    base: { type: 'object', properties: { id: { $ref: '#/$defs/Color' } }, required: ['id'] },
  }
  const properties = {
    color: { allOf: [{ $ref: '#/$defs/Color' }], default: 'red' },
    either: { allOf: [{ const: 'x' }, { type: ['string', 'null'] }] },
    derived: {
      allOf: [{ $ref: '#/$defs/base' }, { properties: { n: { type: ['integer', 'null'] } }, required: ['n'] }],
    },
    deep: { allOf: [{ allOf: [{ oneOf: [{ const: 'a' }, { const: 'b' }] }] }] },
    always: { type: 'string', allOf: [true] },
  }
  const color = { type: 'string', enum: ['red', 'blue'] }
  expect(sentFor({ type: 'object', properties, $defs })).toEqual({
    type: 'object',
    properties: {
      color: { ...color, default: 'red' },
      either: { enum: ['x'], type: 'string', nullable: true },
      derived: {
        type: 'object',
        properties: { id: color, n: { type: 'integer', nullable: true } },
        required: ['id', 'n'],
      },
      deep: { anyOf: [{ enum: ['a'] }, { enum: ['b'] }] },
      always: { type: 'string' },
    },
  })
})

test('two lists of alternatives become one', () => {
  const properties = {
    a: { oneOf: [{ minLength: 1 }, { pattern: 'x' }], anyOf: [{ type: 'string' }, { type: 'number' }] },
    b: { type: ['string', 'null', 'number'], anyOf: [{ type: 'string', title: 's' }, { type: 'boolean' }] },
  }
  expect(sentFor({ type: 'object', properties }).properties).toEqual({
    a: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'string', pattern: 'x' },
        { type: 'number', minLength: 1 },
        { type: 'number', pattern: 'x' },
      ],
    },
    b: { nullable: true, anyOf: [{ type: 'string', title: 's' }] },
  })
})

test('tuples and schemas that are true or false have a form that Google knows', () => {
  const properties = {
    pair: { type: 'array', items: [{ type: 'string' }, { type: 'number', examples: [1] }] },
    one: { type: 'array', items: [{ type: ['string', 'null'] }] },
    none: { type: 'array', items: [] },
    newer: { type: 'array', prefixItems: [{ type: 'string' }], items: { type: 'number' } },
    closed: { type: 'array', prefixItems: [{ type: 'string' }], items: false },
    any: true,
    never: false,
    list: { type: 'array', items: true },
    either: { anyOf: [true, { type: 'string' }] },
    onlyNull: { type: ['null'] },
  }
  expect(sentFor({ type: 'object', properties }).properties).toEqual({
    pair: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
    one: { type: 'array', items: { type: 'string', nullable: true } },
    none: { type: 'array', items: {} },
    newer: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
    closed: { type: 'array', items: { type: 'string' } },
    any: {},
    never: {},
    list: { type: 'array', items: {} },
    either: { anyOf: [{}, { type: 'string' }] },
    onlyNull: { type: 'null' },
  })
})

/** As a text, because JSON.stringify cannot write such depths. */
function nested(levels: number, [open, close]: readonly [string, string]): Buffer {
  const parameters = `${open.repeat(levels)}{}${close.repeat(levels)}`
  return Buffer.from(`{"tools":[{"type":"function","function":{"name":"f","parameters":${parameters}}}]}`)
}

const NESTINGS = [
  ['{"properties":{"a":', '}}'],
  ['{"anyOf":[', ']}'],
  ['{"allOf":[', ']}'],
  ['{"default":', '}'],
] as const

test.for(NESTINGS)('a schema that is nested very deeply stays as it is: %s', (form) => {
  for (const levels of [6_000, 100_000]) {
    const body = nested(levels, form)
    expect(withAcceptedSchemas(body)).toBe(body)
  }
})

test('a long row of references ends, and copies of a long text do not fill the memory', () => {
  const row = Array.from({ length: 20_000 }, (_, at) => [`d${at}`, { allOf: [{ $ref: `#/$defs/d${at + 1}` }] }])
  expect(sentFor({ $ref: '#/$defs/d0', $defs: Object.fromEntries(row) })).toEqual({ type: 'object' })
  const long = { type: 'string', description: 'x'.repeat(100_000) }
  const uses = Array.from({ length: 5_000 }, (_, at) => [`p${at}`, { $ref: '#/$defs/long' }])
  const sent = sentFor({ properties: Object.fromEntries(uses), $defs: { long } })
  expect(JSON.stringify(sent).length).toBeLessThan(6_000_000)
})

test('alternatives that multiply do not fill the memory', () => {
  let schema: object = { type: 'string' }
  const alternatives = (inner: object) => [{ properties: { inner } }, { minProperties: 1 }, { maxProperties: 2 }]
  for (let level = 0; level < 12; level++) schema = { anyOf: alternatives(schema), oneOf: alternatives(schema) }
  expect(JSON.stringify(sentFor(schema)).length).toBeLessThan(20_000_000)
})

test.for([
  { type: 'object', properties: { city: { description: 'x', type: 'string', enum: ['a'] } }, required: ['city'] },
  { properties: {}, type: 'object' },
  null,
  'text',
])('what Google accepts stays the same bytes: %j', (parameters) => {
  const body = requestWith(parameters)
  expect(withAcceptedSchemas(body)).toBe(body)
})

test('no schema of a client is an error of the gateway', async () => {
  const upstream = await startRawUpstream((socket) => void socket.write(reply(200, completion('Hi'))))
  const environment = { GEMINI_API_KEY: 'google-key', GEMINI_BASE_URL: upstream.url }
  const gateway = await startGateway({ environment, mappings: { google: 'gemini:x' } })
  for (const parameters of ['{"$ref":"#/$defs/100%"}', `${'{"items":'.repeat(6_000)}{}${'}'.repeat(6_000)}`]) {
    const tools = `[{"type":"function","function":{"name":"f","parameters":${parameters}}}]`
    const body = `{"model":"google","messages":[{"role":"user","content":"Hi"}],"tools":${tools}}`
    expect((await gateway.post(body)).status).toBe(200)
  }
  expect(JSON.parse(upstream.requests[0]?.body ?? '').tools[0].function.parameters).toEqual({ type: 'object' })
})
