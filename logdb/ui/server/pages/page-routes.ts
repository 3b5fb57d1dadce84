import { createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isObject } from '../../../../kit/json.ts'
import type { PageData } from '../../app/page-data.ts'
import { sentence } from '../../app/shown.ts'
import type { UiParts } from '../ui-parts.ts'
import { problemOf, UiProblem } from '../ui-problem.ts'
import { adminPage } from './admin-loader.ts'
import { type Assets, ENCODINGS, type Encoding, loadAssets } from './assets/assets.ts'
import { comparePage } from './compare-loader.ts'
import { contentSecurityPolicy, documentHtml } from './document.tsx'
import { overviewPage } from './overview-loader.ts'
import { dialogPage, type PageLoader, searchPage } from './page-loaders.ts'
import { requestPage, sendImage } from './request-loader.ts'
import { requestsPage } from './requests-loader.ts'

const HTML = 'text/html; charset=utf-8'
const FOREVER = 'public, max-age=31536000, immutable'

/** The pages, and the files that they need. */
export function addPages(app: FastifyInstance, parts: UiParts): void {
  const assets = loadAssets()
  const pages = new Pages(parts, assets)
  for (const path of ['/', '/ui']) app.get(path, (_request, reply) => reply.redirect('/ui/requests'))
  app.get('/ui/overview', (request, reply) => pages.answer(request, reply, overviewPage))
  app.get('/ui/requests', (request, reply) => pages.answer(request, reply, requestsPage))
  app.get('/ui/requests/:id', (request, reply) => pages.answer(request, reply, requestPage))
  app.get('/ui/requests/:id/images/:number', (request, reply) => sendImage(request, reply, parts))
  app.get('/ui/compare', (request, reply) => pages.answer(request, reply, comparePage))
  app.get('/ui/dialogs/:id', (request, reply) => pages.answer(request, reply, dialogPage))
  app.get('/ui/search', (request, reply) => pages.answer(request, reply, searchPage))
  app.get('/ui/admin', (request, reply) => pages.answer(request, reply, adminPage))
  addLogin(app, parts, pages)
  app.get('/ui/assets/*', (request, reply) => sendAsset(request, reply, assets))
  app.get('/ui/*', (request, reply) => {
    return isForBrowser(request) ? pages.answer(request, reply, noPage) : reply.callNotFound()
  })
}

/** A program that asks for a path that is none gets JSON. */
function isForBrowser({ headers, url }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true && !url.startsWith('/ui/v1/')
}

async function noPage(): Promise<never> {
  throw new UiProblem(404, 'there is no such page', { hint: 'choose one above' })
}

class Pages {
  readonly #parts: UiParts
  readonly #assets: Assets

  constructor(parts: UiParts, assets: Assets) {
    this.#parts = parts
    this.#assets = assets
  }

  /** The page, or the login page that leads to it, or what went wrong. */
  async answer(request: FastifyRequest, reply: FastifyReply, load: PageLoader): Promise<FastifyReply> {
    const access = this.#parts.gate.sessionOf(request)
    if (!access) return this.login(request, reply, { next: request.url, status: 401 })
    try {
      const data = await load(request, access, this.#parts)
      return this.send(request, reply, { ...data, isAdmin: access.role === 'admin' })
    } catch (error) {
      const problem = problemOf(error)
      if (!problem) throw error
      const { status, message, hint } = problem
      reply.code(status)
      const data = { title: 'That did not work', kind: 'problem', problem: { message, hint } } as const
      return this.send(request, reply, { ...data, isAdmin: access.role === 'admin' })
    }
  }

  login(
    request: FastifyRequest,
    reply: FastifyReply,
    { next, status, problem }: { next: string; status: number; problem?: string },
  ): FastifyReply {
    reply.code(status)
    const { hasKeys } = this.#parts.gate
    return this.send(request, reply, {
      title: 'Log in',
      kind: 'login',
      login: { problem, next: safePath(next), hasKeys },
    })
  }

  /** HTML, or only its data for a page that is open already. */
  send(request: FastifyRequest, reply: FastifyReply, data: PageData): FastifyReply {
    reply.header('vary', 'accept, accept-encoding')
    if (request.headers.accept === 'application/json') return reply.send(data)
    reply.header('content-security-policy', contentSecurityPolicy(this.#assets))
    const html = documentHtml(data, this.#assets)
    if (!accepts(request, 'gzip')) return reply.type(HTML).send(html)
    const compressing = createGzip()
    compressing.end(html)
    return reply.type(HTML).header('content-encoding', 'gzip').send(compressing)
  }
}

function addLogin(app: FastifyInstance, { gate }: UiParts, pages: Pages): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, Object.fromEntries(new URLSearchParams(String(body))))
  })
  app.get('/ui/login', (request, reply) => pages.login(request, reply, { next: '/ui/requests', status: 200 }))
  app.get('/ui/login/:token', (request, reply) => {
    return orLoginPage(request, reply, { pages, next: '/ui/requests' }, () => {
      gate.beginSession(gate.useLink((request.params as { token: string }).token, request), reply)
      // A redirect would keep the site that the link was on, and a browser would hold the cookie back.
      reply.type(HTML).header('refresh', '0; url=/ui/requests')
      return reply.send('<!doctype html><title>Logs</title><a href="/ui/requests">Logs</a>')
    })
  })
  app.post('/ui/login', (request, reply) => {
    const next = textIn(request.body, 'next')
    return orLoginPage(request, reply, { pages, next }, () => {
      gate.checkSite(request)
      gate.beginSession(gate.logIn(textIn(request.body, 'key'), request), reply)
      return reply.redirect(safePath(next), 303)
    })
  })
  app.post('/ui/logout', (request, reply) => {
    gate.checkSite(request)
    gate.endSession(request, reply)
    return reply.redirect('/ui/login', 303)
  })
}

function textIn(body: unknown, name: string): string {
  const value = isObject(body) ? body[name] : undefined
  return typeof value === 'string' ? value : ''
}

/** What begins a session, or the login page again, which says why not and leads to the same page. */
function orLoginPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { pages, next }: { pages: Pages; next: string },
  begin: () => FastifyReply,
): FastifyReply {
  try {
    return begin()
  } catch (error) {
    const known = problemOf(error)
    if (!known) throw error
    const { status, message, hint } = known
    const problem = sentence(`${message}${hint === undefined ? '' : `: ${hint}`}`)
    return pages.login(request, reply, { next, status, problem })
  }
}

/** Only a page of ours. */
function safePath(path: string): string {
  return /^\/ui\/(?!login|\/)[\x21-\x7e]*$/.test(path) ? path : '/ui/requests'
}

function sendAsset(request: FastifyRequest, reply: FastifyReply, { files }: Assets): FastifyReply {
  const asset = files.get(decodeURI(request.url))
  if (!asset) return reply.callNotFound() as unknown as FastifyReply
  reply.type(asset.type).headers({ 'cache-control': FOREVER, vary: 'accept-encoding' })
  const encoding = ENCODINGS.find((one) => accepts(request, one))
  if (encoding === undefined) return reply.send(asset.content)
  return reply.header('content-encoding', encoding).send(asset.encoded(encoding))
}

function accepts({ headers }: FastifyRequest, encoding: Encoding): boolean {
  return new RegExp(`\\b${encoding}\\b`).test(headers['accept-encoding']?.toString() ?? '')
}
