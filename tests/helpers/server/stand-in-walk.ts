import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { listBackups } from '../../../deploy/commands/list-backups.ts'
import { listReleases } from '../../../deploy/commands/releases.ts'
import { restoreBackup } from '../../../deploy/commands/restore-backup.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import type { Random } from '../random.ts'
import { problemsOfRepair } from './faults.ts'
import { faultyConnect } from './faulty-host.ts'
import type { Action, StandInProject } from './stand-in-project.ts'
import type { Walked } from './walk.ts'

/** Most calls that a change makes. */
const CALLS = 28

/** All that can happen to a stand-in server. */
export function standInWalk(project: StandInProject): Walked {
  let changes = 0
  const changeConfig = () => project.addModel(`model-${changes++}`)
  const run = async (action: Action): Promise<string | null> => {
    const { exitCode, stderr } = await project.run(action)
    return exitCode === 0 ? null : stderr
  }
  const asJson = async (action: Action) => JSON.parse((await project.run(action, { json: true })).stdout).result
  const breaks = breaksOf(project)
  const moves: Walked['moves'] = {
    deploy: async () => {
      changeConfig()
      return run(deploy)
    },
    rollback: () => run(rollback),
    'rollback to one': async (random) => {
      const ids = (await asJson(listReleases)).releases.flatMap((one: { release: string; can_roll_back: boolean }) =>
        one.can_roll_back ? [one.release] : [],
      )
      return run((context) => rollback(context, pick(ids, random)))
    },
    restore: async (random) => {
      const names = (await asJson(listBackups)).backups.map(({ name }: { name: string }) => name)
      return run((context) => restoreBackup(context, { file: pick(names, random), includesCerts: true }))
    },
    'cut deploy': async (random) => {
      changeConfig()
      await project.run(deploy, faultyConnect({ kind: 'cut', call: 1 + random.below(CALLS) }))
      return null
    },
    'cut rollback': async (random) => {
      await project.run(rollback, faultyConnect({ kind: 'cut', call: 1 + random.below(CALLS) }))
      return null
    },
    reboot: async () => {
      for (const [name, state] of Object.entries(project.server.containers())) {
        if (state === 'running no') project.server.setContainer(name, 'exited', 'no')
      }
      return null
    },
  }
  for (const [what, damage] of Object.entries(breaks)) {
    moves[what] = async (random) => {
      damage(random)
      return null
    }
  }
  return { moves, problems: () => problemsOfRepair(project) }
}

function pick(list: string[], random: Random): string {
  return list[random.below(list.length)] ?? ''
}

/** What breaks, by what becomes of it. */
function breaksOf({ server, live }: StandInProject): Record<string, (random: Random) => void> {
  const at = (path: string) => join(server.folder, path)
  const remove = (path: string) => () => rmSync(at(path), { recursive: true, force: true })
  const write = (path: string, text: string) => () => writeFileSync(at(path), text)
  const route = 'edge/dynamic/app.yml'
  const container = (state: string) => () => server.setContainer(`ai-proxy-${live()}`, state, 'unless-stopped')
  return {
    'no route': remove(route),
    'an empty route': write(route, ''),
    'a route of garbage': write(route, '{['),
    'a route to nothing': () => writeFileSync(at(route), server.read(route).replaceAll(`${live()}`, '20200101-000000')),
    'no state.json': remove('state.json'),
    'a state.json of garbage': write('state.json', '{"version":1,"live":{}}'),
    'neither route nor state.json': () => [route, 'state.json'].forEach((path) => void remove(path)()),
    'no current': remove('current'),
    'a current that is a folder': () => {
      remove('current')()
      mkdirSync(at('current'))
    },
    'no .env': remove('.env'),
    'no folder of the edge': remove('edge'),
    'no folder of backups': remove('backups'),
    'no folder of scripts': remove('scripts'),
    'a stopped gateway': container('exited'),
    'a paused gateway': container('paused'),
    'no container of the gateway': () => server.removeContainer(`ai-proxy-${live()}`),
    'no container of a release': () => Object.keys(server.containers()).forEach(server.removeContainer),
    'a stopped edge': () => server.setContainer('ai-proxy-edge', 'exited', 'unless-stopped'),
    'no edge': () => server.removeContainer('ai-proxy-edge'),
    'a cut off upload': () => mkdirSync(at('releases/20200101-000000.part'), { recursive: true }),
    'a cut off write': write('.env.tmp.7', 'half'),
    'a release that runs too': (random) => {
      const others = Object.keys(server.containers()).filter((name) => name !== `ai-proxy-${live()}`)
      if (others.length > 0) server.setContainer(pick(others, random), 'running', random.pick(['no', 'unless-stopped']))
    },
  }
}
