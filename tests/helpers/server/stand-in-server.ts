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
import { createServer as createPlainServer } from 'node:http'
import { createServer, request, type Server } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { parse } from 'yaml'
import { releaseOf } from '../../../deploy/server/instance.ts'
import { decodeEnvironment } from '../../../kit/gateway-config/env-file.ts'
import { splitList } from '../../../kit/list.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import { ownCertificateFiles } from '../../../templates/own-certificate.ts'
import type { Authority } from './tls-server.ts'

const DOCKER = join(import.meta.dirname, 'stand-in-docker.sh')

/** It keeps its table as a file; `-l` fails as long as there is none. */
const CRONTAB = '#!/bin/sh\nfile=${0%/*}/state/crontab\ncase $1 in -l) cat "$file" ;; *) cat > "$file" ;; esac\n'

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
  /** How this machine builds an image: `platform` of it, `build-fails`, `save-fails`, `wrong-platform` of what comes out. */
  setBuilder(files: Record<string, string>): void
  /** What this machine has built of: path of the folder. */
  buildContext: string
  /** What cron calls; empty before anything was given to it. */
  crontab(): string
  /** Whether the registry has newer images. */
  setNewerImages(isNewer: boolean): void
  read(path: string): string
  write(path: string, content: string): void
  has(path: string): boolean
  /** Directory of a CA that the server reaches. */
  caDirectory(): Promise<string>
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
  // cron calls what it is to call regularly, whatever this machine has.
  writeFileSync(join(bin, 'systemctl'), '#!/bin/sh\nexit 1\n')
  writeFileSync(join(bin, 'crontab'), CRONTAB)
  for (const program of ['docker', 'ss', 'systemctl', 'crontab']) chmodSync(join(bin, program), 0o755)
  for (const [name, content] of Object.entries({ domain, log: '', tags: '', 'acme-log': '' }))
    writeFileSync(join(state, name), content)

  const lineOf = (name: string, line: number) => readFileSync(join(state, 'containers', name), 'utf8').split('\n')[line]
  const isRunning = (name: string) => existsSync(join(state, 'containers', name)) && lineOf(name, 0) === 'running'
  const edge = startEdge(authority, domain, {
    ownPair: () => {
      const [file] = ownCertificateFiles(readIfThere(join(server, 'edge/dynamic/own-certificates.yml')))
      return file === undefined ? undefined : readFileSync(join(server, 'certs', file), 'utf8')
    },
    route: () => readIfThere(join(server, 'edge/dynamic/app.yml')),
    isRunning,
    isKilled: (name) => existsSync(join(state, `killed-${name}`)),
    settings: (instance) => {
      const text = readIfThere(join(server, 'releases', releaseOf(instance), 'gateway.env'))
      return decodeEnvironment(parseDotenv(text).values)
    },
  })
  // A gateway that is not behind the edge, and the directory of a CA.
  const plain = createPlainServer((asked, response) => {
    response.setHeader('x-ai-proxy-release', 'ai-proxy-rehearsal')
    void answerAsGateway(asked, response)
  }).listen(0, '127.0.0.1', () => {
    const address = plain.address()
    if (typeof address === 'object') writeFileSync(join(state, 'plain-port'), `${address?.port}`)
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
    setBuilder: (files) => {
      for (const name of ['platform', 'build-fails', 'save-fails', 'wrong-platform']) {
        if (files[name] === undefined) rmSync(join(state, name), { force: true })
        else writeFileSync(join(state, name), files[name])
      }
    },
    buildContext: join(state, 'build-context'),
    crontab: () => readIfThere(join(state, 'crontab')),
    setNewerImages: (isNewer) => {
      if (isNewer) writeFileSync(join(state, 'newer'), '')
      else rmSync(join(state, 'newer'), { force: true })
    },
    write: (path, content) => writeFileSync(join(server, path), content),
    read: (path) => readFileSync(join(server, path), 'utf8'),
    has: (path) => existsSync(join(server, path)),
    caDirectory: async () => {
      if (!plain.listening) await once(plain, 'listening')
      return `http://127.0.0.1:${readFileSync(join(state, 'plain-port'), 'utf8')}/directory`
    },
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
      plain.close()
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
  /** The owner's certificate with its key, as the edge reads it. */
  ownPair(): string | undefined
  /** It was ended with its running answers. */
  isKilled(container: string): boolean
  /** What the gateway of an instance reads. */
  settings(instance: string): Environment
}

/** Sends each request to the instance that the route file names for it. */
function startEdge(authority: Authority, domain: string, gateways: Gateways): Server {
  const SNICallback: TlsOptions['SNICallback'] = (_name, done) => {
    const pem = gateways.ownPair()
    done(null, pem === undefined ? undefined : createSecureContext({ cert: pem, key: pem }))
  }
  return createServer({ ...authority.issue([domain]), SNICallback }, (asked, response) => {
    const instance = instanceFor(asked, gateways.route())
    if (instance === undefined || !gateways.isRunning(`ai-proxy-${instance}`)) {
      response.writeHead(instance === undefined ? 404 : 502).end()
      return
    }
    response.setHeader('x-ai-proxy-release', instance)
    const isCut = () => gateways.isKilled(`ai-proxy-${instance}`)
    if (hasKey(asked, gateways.settings(instance))) void answerAsGateway(asked, response, isCut)
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

async function answerAsGateway(request: IncomingMessage, response: ServerResponse, isCut = () => false): Promise<void> {
  const body = await text(request)
  if (isCut()) {
    response.destroy()
    return
  }
  if (request.url === '/health') response.end('{"status":"ok"}')
  else if (request.url === '/v1/models') response.end('{"data":[]}')
  else if (request.url === '/directory') response.end('{}')
  else response.end(echoOf(JSON.parse(body)))
}

function echoOf({ messages, stream }: { messages: { content: string }[]; stream?: boolean }): string {
  const content = messages.at(-1)?.content
  if (!stream) return JSON.stringify({ choices: [{ message: { content } }] })
  const chunk = { object: 'chat.completion.chunk', choices: [{ delta: { content } }] }
  return `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`
}
