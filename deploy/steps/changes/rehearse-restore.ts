import { splitList } from '../../../kit/list.ts'
import { deployError } from '../../errors.ts'
import { type Host, run } from '../../host/host.ts'
import type { Change } from '../../plan/change.ts'
import { checkCompletions, checkReading } from '../../probe/checks.ts'
import { loopbackProbe } from '../../probe/loopback-probe.ts'
import { endRehearsal, startRehearsal } from '../../remote/backup/rehearse.ts'
import * as docker from '../../remote/docker.ts'
import { GATEWAY_PORT } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'
import { orFail } from '../or-fail.ts'
import { environmentIn } from '../release-environment.ts'
import { removeUnpacked, unpackBackup } from './unpack-backup.ts'

const READY_TIMEOUT_S = 60
const CONTAINER = 'ai-proxy-rehearsal'
const HINT = 'what answers is untouched; check the backup with: ai-deploy backup verify'

/** Runs the release of a backup where nobody reaches it, asks it, and removes everything again. */
export const rehearseRestore: Definition<'rehearse-restore'> = {
  describe: ({ backup }) => [`rehearse a restore of ${backup} where no client gets to`],
  explain: ({ unpacking, image }, facts) => [
    ...(unpackBackup.explain?.(unpacking, facts) ?? []),
    `start a gateway of its image ${image} on a port of the loopback interface, and ask it`,
    'remove that gateway and the unpacked files again',
  ],
  title: 'Rehearse a restore',
  async run(change, server, report) {
    const { host, measured } = server
    const { staging } = change.unpacking
    try {
      await orFail('RESTORE_FAILED', HINT, async () => {
        await unpackBackup.run(change.unpacking, server, report)
        await askUnpacked(host, change)
      })
    } finally {
      await host.exec(endRehearsal(CONTAINER))
      await removeUnpacked(host, staging)
    }
    measured.rehearsedBackup = change.backup
    return `A gateway of ${change.backup} answers`
  },
  undo: () => undefined,
}

async function askUnpacked(host: Host, { folder, image, owner }: Change<'rehearse-restore'>): Promise<void> {
  const wanted = { container: CONTAINER, image, folder, port: GATEWAY_PORT, owner }
  const address = (await run(host, 'start a gateway of the backup', startRehearsal(wanted))).trim()
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  const { exitCode } = await host.exec(docker.waitReady(CONTAINER, GATEWAY_PORT, READY_TIMEOUT_S))
  if (exitCode !== 0) throw await notReady(host)
  const environment = await environmentIn(host, `${folder}/gateway.env`, CONTAINER)
  const apiKey = splitList(environment?.['API_KEYS'])[0] ?? null
  const probe = loopbackProbe(() => host.connect(port), { apiKey })
  try {
    const problem = (await checkReading(probe, CONTAINER)) ?? (await checkCompletions(probe))
    if (problem !== null) throw deployError('RESTORE_FAILED', `the gateway of the backup is not well: ${problem}`, HINT)
  } finally {
    await probe.close()
  }
}

async function notReady(host: Host) {
  const { stdout } = await host.exec(docker.containerLogs(CONTAINER, 20))
  const what = `the gateway of the backup did not become ready within ${READY_TIMEOUT_S} s`
  return deployError('RESTORE_FAILED', `${what}. Its last lines:\n${stdout.trimEnd()}`, HINT)
}
