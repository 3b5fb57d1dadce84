import { resolve4 } from 'node:dns/promises'
import { userInfo } from 'node:os'
import { readText } from '../../kit/files.ts'
import { errorMessage, UserError } from '../../kit/user-error.ts'
import { deployError } from '../errors.ts'
import type { Host } from '../host/host.ts'
import type { Options } from '../local/options.ts'
import type { ServerEnv } from '../plan/server-env.ts'
import * as files from '../remote/files.ts'
import { type Connection, connect } from '../server/connect.ts'
import { type Facts, gatherFacts } from '../server/facts.ts'
import { type ServerLayout, serverLayout } from '../server/layout.ts'
import { publicAddress } from '../server/public-address.ts'
import type { Interrupts, Io } from '../session/io.ts'
import { terminalQuestions } from '../session/prompts.ts'
import { runSteps, type Step, type StepTime } from '../session/run-steps.ts'
import { takeLock } from '../session/take-lock.ts'
import { UndoStack } from '../session/undo.ts'
import type { Server } from '../steps/server.ts'

export interface Context {
  options: Options
  io: Io
  signal: AbortSignal
  interrupts: Interrupts
  now: Date
}

export type Asks = ReturnType<typeof terminalQuestions>

/** A server that we are connected to and have looked at. */
export interface OpenServer {
  connection: Connection
  host: Host
  layout: ServerLayout
  facts: Facts
  asks: Asks
  /** How long connecting and looking took. */
  times: StepTime[]
}

const DEFAULT_FOLDER = 'ai-proxy'

export async function openServer({ options, io }: Context): Promise<OpenServer> {
  const asks = terminalQuestions(io)
  const start = performance.now()
  const connection = await connect(options, asks)
  const connected = performance.now()
  try {
    const layout = serverLayout(options.path ?? `${connection.home}/${DEFAULT_FOLDER}`)
    const facts = await gatherFacts(connection.host, layout.folder)
    const times = [
      { step: 'Connect', ms: Math.round(connected - start) },
      { step: 'Look at the server', ms: Math.round(performance.now() - connected) },
    ]
    return { connection, host: connection.host, layout, facts, asks, times }
  } catch (error) {
    await connection.host.close()
    throw error
  }
}

/** Says yes, asks, or refuses to guess. @throws UserError USAGE without a terminal and without --yes */
export async function confirm({ options, io }: Context, asks: Asks, message: string): Promise<boolean> {
  if (options.yes) return true
  if (!io.isTty) {
    throw deployError(
      'USAGE',
      'this would change the server, and there is no terminal to ask on',
      'run again with --yes, or with --dry-run to see the plan only',
    )
  }
  return asks.confirm(message)
}

export interface Change {
  open: OpenServer
  verb: string
  /** For the audit line. */
  release: string | null
  steps(server: Server): Step[]
}

/**
 * Runs steps under the lock. When one fails or the user interrupts, what can be undone is undone; the audit line is
 * written either way.
 */
export async function changeServer(context: Context, { open, verb, release, steps }: Change): Promise<StepTime[]> {
  const { host, layout, facts } = open
  const { signal, now, io } = context
  const actor = `${userInfo().username} as ${open.connection.user}`
  context.interrupts.isChanging = true
  const lock = await takeLock(host, layout, facts, `${actor}, ${verb}, since ${now.toISOString()}`)
  const server: Server = { host, layout, facts, signal, now, undo: new UndoStack() }
  const start = performance.now()
  const audit = (result: string) => {
    const line = {
      at: now.toISOString(),
      actor,
      verb,
      release,
      result,
      duration_ms: Math.round(performance.now() - start),
    }
    return host.exec(files.appendLine(layout.audit), { stdin: `${JSON.stringify(line)}\n` })
  }
  try {
    const times = await runSteps(steps(server), io)
    await audit('ok')
    return times
  } catch (error) {
    const failure = await undoAll(server, error, io)
    await audit(failure instanceof UserError ? failure.code : 'failed').catch(() => {}) // The connection may be gone.
    throw failure
  } finally {
    lock.end()
  }
}

async function undoAll({ undo, signal }: Server, error: unknown, io: Io): Promise<unknown> {
  if (!undo.isEmpty) io.err('==> Undoing what was begun')
  const failures = await undo.run()
  if (failures.length > 0) {
    return deployError(
      'UNDO_INCOMPLETE',
      `${errorMessage(error)}\nand not everything could be undone:\n${failures.join('\n')}`,
      'run the same command again: it looks at the server anew',
      error,
    )
  }
  if (!signal.aborted) return error
  const what = undo.isSettled
    ? 'the change was made, but not checked to the end'
    : 'the server goes on serving what it served'
  return deployError('INTERRUPTED', `interrupted; ${what}`, 'run again', error)
}

/** Made of the public address; null when nothing tells it. */
export async function defaultDomain({ options }: Context, { connection, facts }: OpenServer): Promise<string | null> {
  const sources = {
    given: options.ip,
    dialled: connection.host.address,
    connection: connection.serverAddress,
    interfaces: facts.interfaces,
  }
  const address = await publicAddress(sources, (name) => resolve4(name).catch(() => []))
  return address === null ? null : `ai-proxy.${address}.nip.io`
}

/** @throws UserError ADDRESS_UNKNOWN */
export function withDomain(env: ServerEnv): ServerEnv {
  if (env.values['DOMAIN']) return env
  throw deployError(
    'ADDRESS_UNKNOWN',
    'the public address of the server cannot be told from here',
    'name it with --ip ADDRESS, or give a name of your own with --domain NAME',
  )
}

/** Settings given by flags or environment, which the server's .env keeps. */
export function overridesOf({ options }: Context): Record<string, string> {
  return {
    ...(options.domain !== null && { DOMAIN: options.domain }),
    ...(options.email !== null && { ACME_EMAIL: options.email }),
    ...(options.acmeCaServer !== null && { ACME_CA_SERVER: options.acmeCaServer }),
  }
}

export function outsideView({ options }: Context) {
  return { resolve: options.resolve, extraCa: options.caFile === null ? null : readCertificates(options.caFile) }
}

function readCertificates(path: string): string {
  const text = readText(path)
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw deployError('USAGE', `${path} holds no PEM certificate`, 'give a file with -----BEGIN CERTIFICATE-----')
}
