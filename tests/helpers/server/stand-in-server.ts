import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request, type Server } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parse } from 'yaml'
import { releaseOf } from '../../../deploy/server/instance.ts'
import { decodeEnvironment } from '../../../kit/gateway-config/env-file.ts'
import { splitList } from '../../../kit/list.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import type { Authority } from './tls-server.ts'

const DOCKER = join(import.meta.dirname, 'stand-in-docker.sh')

export interface StandInServer {
  /** Folder of the gateway. */
  folder: string
  /** PATH that has its programs first. */
  path: string
  /** Calls of docker that changed something, since the last time. */
  calls(): string[]
  /** State and restart policy of each release's container, by name. */
  containers(): Record<string, string>
  /** True if the edge has a container. */
  hasEdge(): boolean
  setContainer(name: string, state: string, restartPolicy: string): void
  removeContainer(name: string): void
  /** What Traefik logs about certificates. */
  setAcmeLog(text: string): void
  /** Whether containers of releases end at once. */
  setCrashing(isCrashing: boolean): void
  /** What is seen inside a container that is watched: lines of the script; empty for nothing. */
  setInside(lines: string): void
  /** What a status reads inside a container: lines of the script. */
  setReadings(lines: string): void
  /** Whether the registry has newer images. */
  setNewerImages(isNewer: boolean): void
  read(path: string): string
  has(path: string): boolean
  /** Instance that answers through the edge; null if none does. */
  answering(): Promise<string | null>
  /** Keeps everything that the server has. @returns brings it back */
  save(): () => void
  close(): void
}

/**
 * This machine as a server without Docker: a stand-in for `docker`, and a TLS server in place of Traefik that follows the
 * real route file. It answers as the gateways would that the route names, if their containers run.
 */
export function startStandInServer(folder: string, authority: Authority, domain: string, port: number): StandInServer {
  const [bin, server] = [join(folder, 'bin'), join(folder, 'server')]
  const state = join(bin, 'state')
  mkdirSync(join(state, 'containers'), { recursive: true })
  copyFileSync(DOCKER, join(bin, 'docker'))
  // No port is ever taken.
  writeFileSync(join(bin, 'ss'), '#!/bin/sh\n')
  for (const program of ['docker', 'ss']) chmodSync(join(bin, program), 0o755)
  for (const [name, content] of Object.entries({ domain, log: '', tags: '', 'acme-log': '' }))
    writeFileSync(join(state, name), content)

  const lineOf = (name: string, line: number) => readFileSync(join(state, 'containers', name), 'utf8').split('\n')[line]
  const isRunning = (name: string) => existsSync(join(state, 'containers', name)) && lineOf(name, 0) === 'running'
  const edge = startEdge(authority, domain, {
    route: () => readIfThere(join(server, 'edge/dynamic/app.yml')),
    isRunning,
    settings: (instance) => {
      const text = readIfThere(join(server, 'releases', releaseOf(instance), 'gateway.env'))
      return decodeEnvironment(parseDotenv(text).values)
    },
  })
  // As Docker does: the port is open while the container of the edge runs.
  const opening = setInterval(() => {
    if (isRunning('ai-proxy-edge') && !edge.listening) edge.listen(port, '127.0.0.1')
  }, 20)
  return {
    folder: server,
    path: `${bin}:${process.env['PATH']}`,
    calls: () => {
      const calls = readFileSync(join(state, 'log'), 'utf8').split('\n').filter(Boolean)
      writeFileSync(join(state, 'log'), '')
      return calls
    },
    containers: () =>
      Object.fromEntries(
        readdirSync(join(state, 'containers'))
          .filter((name) => name !== 'ai-proxy-edge')
          .map((name) => [name, `${lineOf(name, 0)} ${lineOf(name, 2)}`]),
      ),
    hasEdge: () => existsSync(join(state, 'containers/ai-proxy-edge')),
    setContainer: (name, containerState, restartPolicy) => {
      const text = `${containerState}\n${lineOf(name, 1)}\n${restartPolicy}\n`
      writeFileSync(join(state, 'containers', name), text)
    },
    removeContainer: (name) => rmSync(join(state, 'containers', name), { force: true }),
    setAcmeLog: (text) => writeFileSync(join(state, 'acme-log'), text),
    setCrashing: (isCrashing) => {
      if (isCrashing) writeFileSync(join(state, 'crashes'), '')
      else rmSync(join(state, 'crashes'), { force: true })
    },
    setInside: (lines) => {
      if (lines !== '') writeFileSync(join(state, 'inside'), lines)
      else rmSync(join(state, 'inside'), { force: true })
    },
    setReadings: (lines) => writeFileSync(join(state, 'readings'), lines),
    setNewerImages: (isNewer) => {
      if (isNewer) writeFileSync(join(state, 'newer'), '')
      else rmSync(join(state, 'newer'), { force: true })
    },
    read: (path) => readFileSync(join(server, path), 'utf8'),
    has: (path) => existsSync(join(server, path)),
    answering: () => askEdge(domain, port),
    save: () => {
      const saved = mkdtempSync(join(folder, 'saved-'))
      mkdirSync(server, { recursive: true })
      execFileSync('cp', ['-a', server, state, saved])
      return () => {
        for (const path of [server, state]) rmSync(path, { recursive: true, force: true })
        execFileSync('cp', ['-a', join(saved, 'server'), folder])
        execFileSync('cp', ['-a', join(saved, 'state'), bin])
      }
    },
    close: () => {
      clearInterval(opening)
      edge.closeAllConnections()
      edge.close()
    },
  }
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

interface Gateways {
  /** Text of the route file. */
  route(): string
  isRunning(container: string): boolean
  /** What the gateway of an instance reads. */
  settings(instance: string): Environment
}

/** Sends each request to the instance that the route file names for it. */
function startEdge(authority: Authority, domain: string, gateways: Gateways): Server {
  return createServer(authority.issue([domain]), (asked, response) => {
    const instance = instanceFor(asked, gateways.route())
    if (instance === undefined || !gateways.isRunning(`ai-proxy-${instance}`)) {
      response.writeHead(instance === undefined ? 404 : 502).end()
      return
    }
    response.setHeader('x-ai-proxy-release', instance)
    if (hasKey(asked, gateways.settings(instance))) void answerAsGateway(asked, response)
    else response.writeHead(401).end()
  })
}

function hasKey({ url, headers }: IncomingMessage, settings: Environment): boolean {
  if (url === '/health' || (url === '/v1/models' && settings['MODELS_REQUIRE_KEY'] !== 'true')) return true
  const keys = splitList(settings['API_KEYS'])
  return keys.length === 0 || keys.some((key) => headers.authorization === `Bearer ${key}`)
}

async function askEdge(domain: string, port: number): Promise<string | null> {
  const options = { port, path: '/health', headers: { host: domain }, servername: domain, rejectUnauthorized: false }
  const asked = request({ ...options, host: '127.0.0.1', agent: false }).end()
  try {
    const [answer]: IncomingMessage[] = await once(asked, 'response')
    answer?.resume()
    const release = answer?.statusCode === 200 ? answer.headers['x-ai-proxy-release'] : undefined
    return typeof release === 'string' ? release : null
  } catch {
    return null
  }
}

function instanceFor({ headers }: IncomingMessage, route: string): string | undefined {
  const { routers = {}, services = {} } = parse(route)?.http ?? {}
  const token = headers['x-ai-proxy-canary']
  const isCanary = typeof token === 'string' && routers.canary?.rule.includes(token)
  const url: string | undefined = services[isCanary ? 'canary' : 'app']?.loadBalancer.servers[0].url
  return url === undefined ? undefined : /ai-proxy-([\w-]+):/.exec(url)?.[1]
}

async function answerAsGateway(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request)
  if (request.url === '/health') response.end('{"status":"ok"}')
  else if (request.url === '/v1/models') response.end('{"data":[]}')
  else if (JSON.parse(body).stream) response.end('data: {"object":"chat.completion.chunk"}\n\ndata: [DONE]\n\n')
  else response.end('{"choices":[{"message":{"content":"ai-deploy says hello"}}]}')
}
