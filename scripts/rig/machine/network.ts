import { UserError } from '../../../kit/user-error.ts'
import type { Layout } from '../layout.ts'
import { idOption } from '../rig-file.ts'
import { say } from './progress.ts'
import { attempt } from './run.ts'

/** Creates the rig's network; its gateway is this machine. */
export async function networkUp({ id, network, subnet, gateway }: Layout): Promise<void> {
  if ((await attempt(['docker', 'network', 'inspect', network])).ok) return
  const bridge = ['--opt', `com.docker.network.bridge.name=${network}`]
  const created = await attempt([
    'docker',
    'network',
    'create',
    '--subnet',
    subnet,
    '--gateway',
    gateway,
    ...bridge,
    network,
  ])
  if (created.ok) return say(`Network ${network}: ${subnet}`)
  throw new UserError('RIG_NETWORK', `Network ${network} (${subnet}) cannot be made:\n${created.ending}`, {
    hint: `Choose another rig id, for example: npm run rig -- up${idOption(id + 1)}`,
  })
}

export async function networkDown({ network }: Layout): Promise<void> {
  await attempt(['docker', 'network', 'rm', network])
}
