import { expect, test } from 'vitest'
import { withAcceptedSchemas } from '../../../../proxy/providers/gemini/tool-schemas.ts'

function requestWith(parameters: unknown): Buffer {
  return Buffer.from(
    `{ "seed":12345678901234567890,"tools":[{"type":"function","function":{"name":"f","parameters":${JSON.stringify(parameters)}}}]}`,
  )
}

function sentFor(parameters: unknown): unknown {
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

test.for([
  { type: 'object', properties: { city: { description: 'x', type: 'string', enum: ['a'] } }, required: ['city'] },
  { properties: {}, type: 'object' },
  null,
  'text',
])('what Google accepts stays the same bytes: %j', (parameters) => {
  const body = requestWith(parameters)
  expect(withAcceptedSchemas(body)).toBe(body)
})
