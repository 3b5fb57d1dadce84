import type { Argv } from '../../../deploy/host/argv.ts'
import type { ExecOptions, ExecResult, Host } from '../../../deploy/host/host.ts'
import { connect } from '../../../deploy/server/connect.ts'
import type { Context } from '../../../deploy/session/context.ts'
import { PassingHost } from './passing-host.ts'

/**
 * What a host does wrong on purpose. `stopped first`: what answers is stopped before the route moves. `not drained`: the
 * container that a drill started is ended with its running answers. `two steps`: the route file is emptied before it is
 * written.
 */
export type WrongWay = 'stopped first' | 'not drained' | 'two steps'

/**
 * @param live instance that answers before the drill
 * @param wrongS how long it stays wrong, in seconds
 */
export function wrongConnect(way: WrongWay, live: string, wrongS = 1): NonNullable<Context['connect']> {
  return async (target, questions) => {
    const connection = await connect(target, questions)
    return { ...connection, host: new WrongHost(connection.host, { way, live, wrongS }) }
  }
}

interface Wrong {
  way: WrongWay
  live: string
  wrongS: number
}

const ROUTE = 'edge/dynamic/app.yml'

class WrongHost extends PassingHost {
  readonly #wrong: Wrong
  #writes = 0

  constructor(inner: Host, wrong: Wrong) {
    super(inner)
    this.#wrong = wrong
  }

  override async exec(argv: Argv, options?: ExecOptions): Promise<ExecResult> {
    const isRoute = typeof options?.stdin === 'string' && argv.some((word) => word.endsWith(ROUTE))
    // The first one brings the secret header, the second one is the switch.
    if (isRoute && ++this.#writes === 2) await this.#spoil(argv.find((word) => word.endsWith(ROUTE)) ?? '')
    const isRemoval = argv.some((word) => word.includes('docker stop "$1"; docker rm "$1"'))
    if (isRemoval && this.#wrong.way === 'not drained') {
      await this.inner.exec(['docker', 'kill', argv.at(-1) ?? ''])
    }
    return this.inner.exec(argv, options)
  }

  async #spoil(route: string): Promise<void> {
    const { way, live, wrongS } = this.#wrong
    if (way === 'stopped first') await this.inner.exec(['docker', 'stop', '-t', '1', `ai-proxy-${live}`])
    else if (way === 'two steps') await this.inner.exec(['cp', '/dev/null', route])
    else return
    await this.inner.exec(['sleep', String(wrongS)])
    if (way === 'stopped first') await this.inner.exec(['docker', 'start', `ai-proxy-${live}`])
  }
}
