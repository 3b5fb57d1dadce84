import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { UiParts } from '../ui-parts.ts'
import { forget, jobs, startJob, store } from './admin-routes.ts'
import { exportList } from './export-route.ts'
import { facets, figures } from './figures-routes.ts'
import { live } from './live-route.ts'
import { serveOpenApi } from './openapi.ts'
import { dialog, list, one, raw } from './request-routes.ts'
import {
  EXPORT_QUERY,
  FILTER_QUERY,
  FORGET_BODY,
  ID_PARAMS,
  JOB_BODY,
  LIST_QUERY,
  LOGIN_BODY,
  PERIOD_QUERY,
  RAW_QUERY,
  SEARCH_QUERY,
  STATS_QUERY,
} from './schemas.ts'
import { searchHits } from './search-route.ts'

const API_VERSION = 'ui.v1'

interface Schema {
  /** For openapi.json. */
  summary: string
  querystring?: object
  params?: object
  body?: object
}
type Handler = (request: FastifyRequest, reply: FastifyReply, parts: UiParts) => unknown

const ROUTES: readonly (readonly [path: string, Schema, Handler])[] = [
  ['/health', { summary: 'Says that the UI runs' }, health],
  ['/config', { summary: 'What this UI can do' }, config],
  ['/whoami', { summary: 'What the caller may see' }, whoAmI],
  ['/requests', { summary: 'Requests, the latest first', querystring: LIST_QUERY }, list],
  ['/requests/:id', { summary: 'A request with its bodies', params: ID_PARAMS }, one],
  ['/requests/:id/raw', { summary: 'The same as it is stored', params: ID_PARAMS, querystring: RAW_QUERY }, raw],
  ['/dialogs/:id', { summary: 'The requests of a dialog, each with what it adds', params: ID_PARAMS }, dialog],
  ['/search', { summary: 'Messages that hold words', querystring: SEARCH_QUERY }, searchHits],
  ['/stats', { summary: 'Figures of requests', querystring: STATS_QUERY }, figures],
  ['/facets', { summary: 'Values to filter by', querystring: PERIOD_QUERY }, facets],
  ['/export', { summary: 'All requests of a list, as CSV or JSON Lines', querystring: EXPORT_QUERY }, exportList],
  ['/live', { summary: 'New requests, as server-sent events', querystring: FILTER_QUERY }, live],
]

const ADMIN_ROUTES: readonly (readonly ['GET' | 'POST', path: string, Schema, Handler])[] = [
  ['GET', '/store', { summary: 'Health of the log store, for admins' }, store],
  ['GET', '/jobs', { summary: 'Jobs that were asked for here, for admins' }, jobs],
  ['POST', '/jobs', { summary: 'Start a job, for admins', body: JOB_BODY }, startJob],
  ['POST', '/forget', { summary: 'Remove requests permanently, or count them, for admins', body: FORGET_BODY }, forget],
]

/** The API, with the routes and shapes of the predecessor's and a few more. */
export function addApi(app: FastifyInstance, parts: UiParts): void {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('x-api-version', API_VERSION)
  })
  app.get('/ui/health', () => ({ status: 'ok' }))
  serveOpenApi(app, '/ui/v1/openapi.json')
  for (const [path, schema, handler] of ROUTES) {
    app.get(`/ui/v1${path}`, { schema }, (request, reply) => handler(request, reply, parts))
  }
  for (const [method, path, schema, handler] of ADMIN_ROUTES) {
    app.route({ method, url: `/ui/v1${path}`, schema, handler: (request, reply) => handler(request, reply, parts) })
  }
  addSession(app, parts)
}

function health(request: FastifyRequest, _reply: FastifyReply, { gate }: UiParts) {
  gate.accessOf(request)
  return { status: 'ok' }
}

function config(request: FastifyRequest, _reply: FastifyReply, { gate, settings, isTextIndexEnabled }: UiParts) {
  gate.accessOf(request)
  const { adminKeys, requestsPerSecond } = settings
  return {
    version: API_VERSION,
    features: {
      fts_enabled: isTextIndexEnabled,
      text_logs_enabled: false,
      admin_enabled: adminKeys.length > 0,
    },
    limits: { rate_limit_rps: requestsPerSecond },
  }
}

function whoAmI(request: FastifyRequest, _reply: FastifyReply, { gate }: UiParts) {
  const { role, key } = gate.accessOf(request)
  return { role, ...(key !== undefined && { key }) }
}

/** Begins and ends the session of a browser. */
function addSession(app: FastifyInstance, { gate }: UiParts): void {
  const path = '/ui/v1/session'
  app.post(path, { schema: { summary: 'Log in', body: LOGIN_BODY } as object }, (request, reply) => {
    gate.checkSite(request)
    const access = gate.logIn((request.body as { key: string }).key, request)
    gate.beginSession(access, reply)
    return { role: access.role }
  })
  app.delete(path, { schema: { summary: 'Log out' } as object }, (request, reply) => {
    gate.checkSite(request)
    gate.endSession(request, reply)
    return { ok: true }
  })
}
