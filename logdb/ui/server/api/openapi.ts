import type { FastifyInstance, RouteOptions } from 'fastify'
import { packageVersion } from '../../../../kit/package-root.ts'

type Schema = { type: string; properties?: Record<string, Schema>; required?: readonly string[]; description?: string }

interface Operation {
  method: string
  path: string
  summary: string
  params: Schema | undefined
  querystring: Schema | undefined
  body: Schema | undefined
}

const ERROR = {
  type: 'object',
  required: ['code', 'message', 'requestId'],
  properties: {
    code: { type: 'integer', description: 'the HTTP status' },
    message: { type: 'string' },
    hint: { type: 'string', description: 'what to do' },
    requestId: { type: 'string' },
  },
}

/** Describes the routes that are added after this call, from the schemas that check their requests. */
export function serveOpenApi(app: FastifyInstance, path: string): void {
  const operations: Operation[] = []
  app.addHook('onRoute', (route) => {
    if (route.method !== 'HEAD') operations.push(...operationsOf(route))
  })
  app.get(path, { schema: { summary: 'This document' } as object }, () => documentOf(operations))
}

function operationsOf({ method, url, schema = {} }: RouteOptions): Operation[] {
  const { summary, params, querystring, body } = schema as Record<string, never>
  if (summary === undefined) return []
  return [method].flat().map((one) => ({ method: one.toLowerCase(), path: url, summary, params, querystring, body }))
}

function documentOf(operations: readonly Operation[]) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const path = operation.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.method]: described(operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Logs UI API', version: packageVersion() },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: { Error: ERROR },
    },
  }
}

function described({ summary, params, querystring, body }: Operation) {
  const error = {
    description: 'an error',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  }
  return {
    summary,
    parameters: [...parametersIn('path', params), ...parametersIn('query', querystring)],
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: { 200: { description: 'success' }, default: error },
  }
}

function parametersIn(place: 'path' | 'query', schema: Schema | undefined) {
  return Object.entries(schema?.properties ?? {}).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: schema?.required?.includes(name) ?? false,
    description,
    schema: rest,
  }))
}
