import type { Duplex } from 'node:stream'
import { deployError } from '../../../deploy/errors.ts'
import type { Argv } from '../../../deploy/host/argv.ts'
import type { ExecOptions, ExecResult, Host, RemoteProcess } from '../../../deploy/host/host.ts'
import { connect } from '../../../deploy/server/connect.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { PassingHost } from './passing-host.ts'

/**
 * What happens at one call: `cut`: the program or its connection ends before it, so that no later call is made. `torn`: the
 * server ends its command half-way with SIGKILL, and the connection with it. `refused`: the command fails, as on a full
 * disk, and the connection stays.
 */
export type FaultKind = 'cut' | 'torn' | 'refused'

export interface Fault {
  kind: FaultKind
  /** Number of the call, from 1. Those that find out who we are do not count. */
  call: number
}

export interface FaultyConnect {
  connect: NonNullable<Context['connect']>
  /** How many calls were wanted. */
  calls(): number
}

/** Connects as usual to a server at which one call goes wrong; without a fault it only counts. */
export function faultyConnect(fault: Fault | null): FaultyConnect {
  let host: FaultyHost | undefined
  return {
    async connect(target, questions) {
      const connection = await connect(target, questions)
      host = new FaultyHost(connection.host, fault)
      return { ...connection, host }
    },
    calls: () => host?.calls ?? 0,
  }
}

/** How long a torn command runs. */
const TORN_AFTER_S = '0.02'

class FaultyHost extends PassingHost {
  calls = 0
  readonly #fault: Fault | null
  readonly #open: { end(): void }[] = []

  constructor(inner: Host, fault: Fault | null) {
    super(inner)
    this.#fault = fault
  }

  override async exec(argv: Argv, options?: ExecOptions): Promise<ExecResult> {
    const fault = this.#next()
    if (fault === 'refused') return { exitCode: 1, stdout: '', stderr: 'No space left on device' }
    if (fault !== 'torn') return this.inner.exec(argv, options)
    await this.inner.exec(['timeout', '-s', 'KILL', TORN_AFTER_S, ...argv], options)
    throw this.#lose()
  }

  override async start(argv: Argv): Promise<RemoteProcess> {
    if (this.#next() !== undefined) throw this.#lose()
    const started = await this.inner.start(argv)
    this.#open.push(started)
    return started
  }

  override async connect(port: number): Promise<Duplex> {
    const fault = this.#next()
    if (fault === 'refused') throw new Error('Connection refused')
    if (fault === 'torn') throw this.#lose()
    const stream = await this.inner.connect(port)
    this.#open.push({ end: () => stream.destroy() })
    return stream
  }

  /** What happens at this call. @throws UserError SSH_UNREACHABLE once the connection is gone */
  #next(): 'torn' | 'refused' | undefined {
    this.calls++
    if (this.#fault === null) return undefined
    const { kind, call } = this.#fault
    if (kind === 'cut' && this.calls >= call) throw this.#lose()
    if (kind === 'torn' && this.calls > call) throw this.#lose()
    return kind !== 'cut' && this.calls === call ? kind : undefined
  }

  /** The server sees the end of everything that was open, the lock included. */
  #lose(): Error {
    for (const one of this.#open.splice(0)) one.end()
    return deployError('SSH_UNREACHABLE', `the connection to ${this.name} was lost`, 'run again')
  }
}
