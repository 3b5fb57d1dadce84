import { rigError } from '../errors.ts'
import { type Layout, upCommand } from '../layout.ts'
import { say } from './progress.ts'
import { attempt } from './run.ts'

/** Creates the rig's Docker network. This machine is its gateway. */
export async function networkUp({ id, network, subnet, gateway }: Layout): Promise<void> {
  if ((await attempt(['docker', 'network', 'inspect', network])).ok) return
  const addresses = ['--subnet', subnet, '--gateway', gateway]
  const bridge = ['--opt', `com.docker.network.bridge.name=${network}`]
  const created = await attempt(['docker', 'network', 'create', ...addresses, ...bridge, network])
  if (created.ok) return say(`Network ${network}: ${subnet}`)
  const message = `the network ${network} (${subnet}) cannot be created:\n${created.ending}`
  throw rigError('RIG_NETWORK', message, `choose another rig id, for example: ${upCommand(id + 1)}`)
}

export async function networkDown({ network }: Layout): Promise<void> {
  await attempt(['docker', 'network', 'rm', network])
}
