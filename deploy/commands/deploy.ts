import { readText } from '../../kit/files.ts'
import { UserError } from '../../kit/user-error.ts'
import { gatewayUrl } from '../../templates/server-settings.ts'
import { type LocalFiles, readLocalFiles } from '../local/local-files.ts'
import { makePlan, type Plan } from '../plan/make-plan.ts'
import { fileHashes } from '../plan/release.ts'
import { planServerEnv, type ServerEnv } from '../plan/server-env.ts'
import { report } from '../session/report.ts'
import { runSteps, type StepTime } from '../session/run-steps.ts'
import { UndoStack } from '../session/undo.ts'
import { deploySteps, type OutsideView } from '../steps/apply.ts'
import {
  type Context,
  changeServer,
  confirm,
  defaultDomain,
  type OpenServer,
  openServer,
  outsideView,
  overridesOf,
  withDomain,
} from './shared.ts'

/** Makes the server what the files here and its .env say; does nothing where that is so already. */
export async function deploy(context: Context): Promise<void> {
  const { options } = context
  const local = readLocalFiles(options.cwd, options.env['CONFIG_PATH'])
  const outside = outsideView(context)
  const acmeCa = options.acmeCaCert === null ? null : readText(options.acmeCaCert)
  const open = await openServer(context)
  try {
    const env = await serverEnv(context, open, local)
    const plan = makePlan({
      ...local,
      contextHashes: fileHashes(local.context),
      facts: open.facts,
      env,
      acmeCa,
      now: context.now,
    })
    const decided = { plan, env, local, outside }
    showPlan(context, plan)
    if (plan.changes.length === 0) await verifyOnly(context, open, decided)
    else if (options.dryRun || !(await confirm(context, open.asks, `Do this on ${options.host}?`))) {
      finish(context, open, decided, [], false)
    } else await apply(context, open, decided)
  } finally {
    await open.host.close()
  }
}

const KEY_SHOWN_ONCE = "This key is shown only now. It is in the server's .env too."

interface Decided {
  plan: Plan
  env: ServerEnv
  local: LocalFiles
  outside: OutsideView
}

async function apply(context: Context, open: OpenServer, decided: Decided): Promise<void> {
  const { plan, env } = decided
  const input = stepsInput(decided)
  const seen: { undo?: UndoStack } = {}
  try {
    const times = await changeServer(context, {
      open,
      verb: 'deploy',
      release: plan.release?.manifest.id ?? null,
      steps: (server) => {
        seen.undo = server.undo
        return deploySteps({ ...input, server })
      },
    })
    finish(context, open, decided, times, true)
  } catch (error) {
    // A key that was made must be shown, whatever came after the release began to answer.
    if (seen.undo?.isSettled && env.generatedKey !== null) {
      if (context.options.json && error instanceof UserError) error.data['api_key'] = env.generatedKey
      else context.io.out(`API_KEY=${env.generatedKey}`)
      context.io.err(KEY_SHOWN_ONCE)
    }
    throw error
  }
}

function stepsInput({ plan, env, local, outside }: Decided) {
  const { logdbScript, context: files } = local
  return { plan, env, logdbScript, outside, context: { kind: 'local', files } as const }
}

/** With nothing to change: GET requests only, and nothing is written. */
async function verifyOnly(context: Context, open: OpenServer, decided: Decided): Promise<void> {
  const input = stepsInput(decided)
  const server = { ...open, undo: new UndoStack(), signal: context.signal, now: context.now }
  const steps = deploySteps({ ...input, server })
  const times = await runSteps(steps, context.io)
  finish(context, open, decided, times, false)
}

async function serverEnv(context: Context, open: OpenServer, local: LocalFiles): Promise<ServerEnv> {
  const { options, io } = context
  const { facts } = open
  const asksForKeys = facts.env === null && local.env === null && !options.yes && !options.dryRun && io.isTty
  const answers = asksForKeys ? await open.asks.firstKeys() : {}
  return withDomain(
    planServerEnv({
      server: facts.env,
      local: options.dotenv ? local.env : null,
      answers,
      overrides: overridesOf(context),
      defaultDomain: await defaultDomain(context, open),
    }),
  )
}

function showPlan({ io, options }: Context, { changes, warnings }: Plan): void {
  if (changes.length > 0) {
    io.err(`On ${options.host}:`)
    for (const line of changes) io.err(`  - ${line}`)
  }
  for (const line of warnings) io.err(`Note: ${line}.`)
}

function finish(context: Context, open: OpenServer, { plan, env }: Decided, times: StepTime[], changed: boolean): void {
  const { io } = context
  const url = gatewayUrl(plan.settings)
  const release = plan.release?.manifest.id ?? open.facts.state?.live.release ?? null
  const apiKey = changed ? env.generatedKey : null
  report(context, open, { changed, url, release, changes: plan.changes, apiKey, times })
  if (changed) showNext(context, open, url, apiKey !== null)
  else if (plan.changes.length > 0) io.err('Nothing was changed.')
  else io.err(`Nothing to change: ${url} answers as it should.`)
}

function showNext({ io, options }: Context, { facts, layout }: OpenServer, url: string, madeKey: boolean): void {
  if (madeKey) io.err(KEY_SHOWN_ONCE)
  else if (facts.live === null && facts.env !== null) io.err(`Your keys are in ${layout.env} on the server.`)
  const again = ['ai-deploy', '--host', options.host, ...(options.path ? ['--path', options.path] : [])]
  if (options.sshConfig) again.push('--ssh-config', options.sshConfig)
  const command = again.join(' ')
  io.err(`Next:
  curl ${url}/v1/chat/completions -H "Authorization: Bearer $API_KEY" -H 'Content-Type: application/json' -d '{"model":"echo","messages":[{"role":"user","content":"Hello"}]}'
  ${command} --rollback        goes back to the release before
  ${command} --list-backups    shows what --restore-backup can bring back`)
}
