import { type Host, run } from '../../host/host.ts'
import type { Change } from '../../plan/change.ts'
import * as docker from '../../remote/docker.ts'
import { forgetWarm, keepWarm } from '../../remote/warm.ts'
import { containerName, releaseOf } from '../../server/instance.ts'
import type { Definition } from '../definition.ts'

/** A release usually stops at once after SIGTERM; if not, it finishes its streams without us. */
const WAIT_S = 3

/** Stops the other releases, the last one after a while; each finishes what it has begun, and its container is kept. */
export const stopPrevious: Definition<'stop-previous'> = {
  describe: ({ leftovers, retired, previous, warmS }) => [
    ...leftovers.map((name) => `stop ${name}, which a run that was cut off left behind`),
    ...retired.map((name) => `stop ${name}, which was kept running for a rollback`),
    ...(previous === null || warmS === 0 ? [] : [`stop release ${releaseOf(previous)} in ${inWords(warmS)}`]),
  ],
  explain: ({ previous, warmS }) =>
    previous === null || warmS > 0
      ? []
      : [`stop release ${releaseOf(previous)} when it has finished its running answers`],
  title: 'Stop the previous release',
  async run(change, { host, layout }) {
    const { containers, previous, retired, warmS } = change
    for (const name of retired) await host.exec(forgetWarm(layout.folder, name))
    for (const name of containers) await stop(host, name)
    if (previous === null) return 'Stopped every other release'
    return (await isKeptWarm(change, host, layout.folder))
      ? `${releaseOf(previous)} stops in ${inWords(warmS)}; until then a rollback takes a second`
      : isStopped(host, previous)
  },
  undo: () => undefined,
  settles: 'before',
}

/** If there is no timer for it, it is stopped at once. */
async function isKeptWarm({ previous, warmS }: Change<'stop-previous'>, host: Host, folder: string): Promise<boolean> {
  if (previous === null || warmS === 0) return false
  const { exitCode } = await host.exec(keepWarm(folder, containerName(previous), warmS))
  if (exitCode !== 0) await stop(host, containerName(previous))
  return exitCode === 0
}

async function stop(host: Host, name: string): Promise<void> {
  await host.exec(docker.restartPolicy(name, 'no'))
  await run(host, `stop ${name}`, docker.stopDetached(name))
}

async function isStopped(host: Host, instance: string): Promise<string> {
  const { stdout } = await host.exec(docker.waitExited(containerName(instance), WAIT_S))
  return stdout.trim() === 'running'
    ? `${releaseOf(instance)} finishes its running answers, then stops by itself`
    : `${releaseOf(instance)} is stopped and kept`
}

function inWords(seconds: number): string {
  const minutes = seconds / 60
  if (!Number.isInteger(minutes)) return `${seconds} seconds`
  return minutes === 1 ? 'a minute' : `${minutes} minutes`
}
