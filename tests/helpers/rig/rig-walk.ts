import { setTimeout as delay } from 'node:timers/promises'
import { execa } from 'execa'
import type { Rig, RigServer } from '../../../scripts/rig/rig-file.ts'
import type { Random } from '../random.ts'
import type { Walked } from '../server/walk.ts'
import { aiDeploy, type DeployTool, finished, startDeploy } from './ai-deploy.ts'
import { DAMAGES, FOLDER, WITH_LIVE } from './damage.ts'
import { addModel, CLONE } from './deploy-folder.ts'
import { onServer } from './rig-server.ts'

/** Longer than any change takes. */
const LAST_KILL_MS = 9000
const LOCKED = 20
const LOCK_TRIES = 40

/** All that can happen to a server of the rig. */
export function rigWalk(tool: DeployTool, rig: Rig, server: RigServer): Walked {
  const deploy = (...args: string[]) => aiDeploy(tool, rig, server, args)
  const ssh = (command: string) => onServer(rig, server, command)
  const run = async (...args: string[]): Promise<string | null> => {
    const { exitCode, stderr } = await deploy(...args, '--yes')
    return exitCode === 0 ? null : `${args.join(' ')}: ${stderr}`
  }
  const listed = async (...args: string[]) => JSON.parse((await deploy(...args, '--json')).stdout).result
  const pick = (list: string[], random: Random) => list[random.below(list.length)] ?? ''
  let changes = 0
  const change = () => addModel(tool.cwd, `walk-${Date.now()}-${changes++}`)

  const moves: Walked['moves'] = {
    deploy: () => {
      change()
      return run()
    },
    rollback: () => run('--rollback'),
    'rollback to one': async (random) => {
      const { releases } = await listed('releases')
      const ids = releases.flatMap((one: { release: string; can_roll_back: boolean }) =>
        one.can_roll_back ? [one.release] : [],
      )
      return run('--rollback', pick(ids, random))
    },
    restore: async (random) => {
      const { backups } = await listed('--list-backups')
      const names: string[] = backups.map(({ name }: { name: string }) => name)
      return run('--restore-backup', pick(names, random))
    },
    'a killed deploy': async (random) => {
      change()
      return killed(startDeploy(tool, rig, server, ['--yes']), random)
    },
    'a killed rollback': (random) => killed(startDeploy(tool, rig, server, ['--rollback', '--yes']), random),
    'a dropped connection': async (random) => {
      change()
      const running = startDeploy(tool, rig, server, ['--yes'])
      await delay(random.below(LAST_KILL_MS))
      // All sessions of root except this one.
      await ssh("pgrep -f '[s]shd: root@notty' | grep -vx $PPID | xargs -r kill -9 || true")
      await finished(running)
      return null
    },
    'an engine that restarts': async () => {
      await ssh('systemctl restart docker')
      return null
    },
    'a reboot': async () => {
      await execa('npx', ['tsx', `${CLONE}/scripts/rig.ts`, '--id', String(rig.id), 'reboot', server.name])
      return null
    },
  }
  for (const { what, command } of DAMAGES) {
    moves[what] = async () => {
      await ssh(WITH_LIVE + command)
      return null
    }
  }
  return { moves, problems: () => problemsOf(deploy, ssh) }
}

async function killed(running: ReturnType<typeof startDeploy>, random: Random): Promise<null> {
  await delay(random.below(LAST_KILL_MS))
  running.kill('SIGKILL')
  await finished(running)
  return null
}

/** One plain run repairs, the next has nothing to do, and one release runs, which the route and state.json name. */
async function problemsOf(
  deploy: (...args: string[]) => ReturnType<typeof aiDeploy>,
  ssh: (command: string) => Promise<string>,
): Promise<string[]> {
  let repair = await deploy('--yes')
  for (let n = 0; repair.exitCode === LOCKED && n < LOCK_TRIES; n++) {
    await delay(1000)
    repair = await deploy('--yes')
  }
  if (repair.exitCode !== 0) return [`the repair fails: ${repair.stderr}`]
  const again = await deploy()
  const live = await ssh(`${WITH_LIVE}echo $L`)
  const state = JSON.parse(await ssh(`cat ${FOLDER}/state.json`))
  const restarted = await ssh(
    "docker inspect -f '{{.HostConfig.RestartPolicy.Name}} {{slice .Name 1}}' $(docker ps -aq --filter label=ai-deploy.release) | sed -n 's/^unless-stopped //p'",
  )
  const left = await ssh(
    `cd ${FOLDER} && find . -maxdepth 3 -name '*.tmp.*' -o -maxdepth 2 -name '*.part' -o -name '.restore-*' -o -name '.copy-*'`,
  )
  return [
    ...(again.stderr.includes('Nothing to change') ? [] : [`there is still something to do: ${again.stderr}`]),
    ...(`ai-proxy-${state.live.instance}` === live ? [] : [`state.json names ${state.live.instance}, not ${live}`]),
    ...(restarted === live ? [] : [`not only ${live} is restarted: ${restarted}`]),
    ...(left === '' ? [] : [`left behind: ${left}`]),
  ]
}
