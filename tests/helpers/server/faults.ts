import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { deploy } from '../../../deploy/commands/deploy.ts'
import { listBackups } from '../../../deploy/commands/list-backups.ts'
import { restoreBackup } from '../../../deploy/commands/restore-backup.ts'
import { rollback } from '../../../deploy/commands/rollback.ts'
import { DEPLOY_ERRORS } from '../../../deploy/errors.ts'
import { fastFolder, removeFolder } from '../temp-folder.ts'
import { type Fault, type FaultKind, faultyConnect } from './faulty-host.ts'
import {
  type Action,
  describeWithStandIn,
  type RunFlags,
  type RunOutcome,
  type StandInProject,
  startStandInProject,
} from './stand-in-project.ts'

/** A change of a server at which each call can go wrong. */
interface Scenario {
  action: Action
  /** Brings the server to the state in which the change begins. */
  begin(): void
  /** False on a server where nothing has answered yet. */
  isServing: boolean
}

export const SCENARIO_NAMES = ['a first deploy', 'a deploy', 'a change of .env', 'a rollback', 'a restore'] as const
type ScenarioName = (typeof SCENARIO_NAMES)[number]

export const FAULT_KINDS: [FaultKind, ...FaultKind[]] = ['cut', 'torn', 'refused']

/** Tests on a stand-in server. @param body takes what gives the project and a scenario while they run */
export function describeFaults(
  title: string,
  body: (scenario: (name: ScenarioName) => [StandInProject, Scenario]) => void,
  setUpTimeoutMs?: number,
): void {
  describeWithStandIn(title, () => {
    const folder = fastFolder()
    let project: StandInProject
    let scenarios: Record<ScenarioName, Scenario>
    beforeAll(async () => {
      project = await startStandInProject(folder)
      scenarios = await faultScenarios(project)
    }, setUpTimeoutMs)
    afterAll(() => {
      project?.close()
      removeFolder(folder)
    })
    body((name) => [project, scenarios[name]])
  })
}

/** The changes that matter. It deploys to the project's server, which must be empty. */
async function faultScenarios(project: StandInProject): Promise<Record<ScenarioName, Scenario>> {
  const { server } = project
  const restoreEmpty = server.save()
  await runWell(project, deploy)
  project.addModel('one')
  await runWell(project, deploy)
  project.addModel('two')
  await runWell(project, deploy)
  const restoreFilled = server.save()
  const listed = JSON.parse((await project.run(listBackups, { json: true })).stdout).result.backups
  const file = listed.at(-1).name

  const filled = (change: () => void) => () => {
    restoreFilled()
    project.addModel('two')
    change()
  }
  const changeEnv = () => {
    const path = join(server.folder, '.env')
    writeFileSync(path, server.read('.env').replace(/^OPENAI_API_KEY=.*$/m, 'OPENAI_API_KEY=sk-2'))
  }
  const isServing = true
  const restore: Action = (context) => restoreBackup(context, { file, includesCerts: true })
  return {
    'a first deploy': { action: deploy, begin: restoreEmpty, isServing: false },
    'a deploy': { action: deploy, begin: filled(() => project.addModel('three')), isServing },
    'a change of .env': { action: deploy, begin: filled(changeEnv), isServing },
    'a rollback': { action: rollback, begin: filled(() => {}), isServing },
    'a restore': { action: restore, begin: filled(() => {}), isServing },
  }
}

/** How many calls the change makes when nothing goes wrong. */
export async function callsOf(project: StandInProject, { begin, action }: Scenario): Promise<number> {
  begin()
  const { connect, calls } = faultyConnect(null)
  await runWell(project, action, { connect })
  return calls()
}

async function runWell(project: StandInProject, action: Action, flags?: RunFlags): Promise<void> {
  const { exitCode, stderr } = await project.run(action, flags)
  if (exitCode !== 0) throw new Error(stderr)
}

/** Makes the change with this fault. @returns what is wrong on the server then or after a plain run, in words */
export async function problemsAfterFault(
  project: StandInProject,
  { action, begin, isServing }: Scenario,
  fault: Fault,
): Promise<string[]> {
  begin()
  await project.run(action, { connect: faultyConnect(fault).connect })
  const answering = await project.server.answering()
  const unserved = isServing && (answering === null || answering !== project.live())
  return [
    ...(unserved ? [`after the fault ${answering} answers, and the route names ${project.live()}`] : []),
    ...(await problemsOfRepair(project)),
  ]
}

/** One plain run repairs everything, and the next one has nothing to do. @returns what is not so, in words */
export async function problemsOfRepair(project: StandInProject): Promise<string[]> {
  const repair = await onceUnlocked(() => project.run(deploy))
  if (repair.exitCode !== 0) return [`the repair fails: ${repair.stderr}`]
  const again = await project.run(deploy)
  const isIdle = again.exitCode === 0 && again.stderr.includes('Nothing to change') && again.calls.length === 0
  return [
    ...(isIdle ? [] : [`after the repair there is still something to do: ${again.stderr}`]),
    ...(await problemsOfServer(project)),
  ]
}

const LOCK_TRIES = 50
const LOCK_PAUSE_MS = 100

/** The server needs a moment to see that the holder of the lock is gone. */
async function onceUnlocked(run: () => Promise<RunOutcome>): Promise<RunOutcome> {
  for (let n = 1; ; n++) {
    const outcome = await run()
    if (outcome.exitCode !== DEPLOY_ERRORS.LOCKED.exitCode || n === LOCK_TRIES) return outcome
    await delay(LOCK_PAUSE_MS)
  }
}

/** What a run that was cut off may leave; `current.before-TIME` is what somebody else put there. */
const LEFTOVER = /^\.restore|\.tmp\.|\.part$|^(?!current).*\.before|^\.copy-/

async function problemsOfServer({ server, live }: StandInProject): Promise<string[]> {
  const instance = live()
  const [warm] = server.has('warm/release') ? server.read('warm/release').split(' ') : []
  const containers = Object.entries(server.containers()).filter(
    ([name, state]) => state !== 'exited no' && !(name === warm && state === 'running no'),
  )
  const isOne = containers.length === 1 && containers[0]?.join(' ') === `ai-proxy-${instance} running unless-stopped`
  const answering = await server.answering()
  const recorded = JSON.parse(server.read('state.json')).live
  const current = readlinkSync(join(server.folder, 'current'))
  const left = readdirSync(server.folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    LEFTOVER.test(path.split('/').at(-1) ?? ''),
  )
  return [
    ...(isOne ? [] : [`not only ${instance} runs: ${containers.join(', ')}`]),
    ...(answering === instance ? [] : [`${answering} answers, not ${instance}`]),
    ...(recorded.instance === instance ? [] : [`state.json names ${recorded.instance}, not ${instance}`]),
    ...(current === `releases/${recorded.release}` ? [] : [`current leads to ${current}`]),
    ...left.map((path) => `${path} was left behind`),
  ]
}
