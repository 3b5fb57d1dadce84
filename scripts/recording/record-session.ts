import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { $, type ProcessPromise } from 'zx'
import { packageRoot } from '../../kit/package-root.ts'
import type { Typed } from './draw-terminal.ts'
import { startServer } from './ssh-server.ts'

/** What the picture shows instead of the temporary folder. */
const SHOWN_FOLDER = '~/ai-proxy'
const STARTED = /^ {2}curl .*\n/m
const DOTENV = 'OPENROUTER_API_KEY=sk-or-example\nGEMINI_API_KEY=example\n'

/**
 * Runs the gateway, a request, logdb and a dry run of a deploy in a new folder, from the sources, and returns
 * what was typed and printed. The temporary folder is shown under another name, and the gateway's hint what to type next
 * is left out, since that is typed next.
 */
export async function recordSession(): Promise<Typed[]> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ai-deploy-recording-')))
  try {
    const session = [...(await gatewayAndLogs(folder)), await dryRun(folder)]
    return session.map((typed) => ({ ...typed, output: typed.output.replaceAll(folder, SHOWN_FOLDER) }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A program of ours as `npm start`, `npx logdb` and `npx ai-deploy` run it. */
function ours(folder: string, main: string, args: string[] = []): ProcessPromise {
  const { PATH = '', HOME = folder } = process.env
  const run = $({ cwd: folder, env: { PATH, HOME, NO_COLOR: '1' }, quiet: true })
  return run`${process.execPath} --import ${import.meta.resolve('tsx')} ${join(packageRoot(), main)} ${args}`
}

async function gatewayAndLogs(folder: string): Promise<Typed[]> {
  copyFileSync(join(packageRoot(), 'config.yml'), join(folder, 'config.yml'))
  const gateway = ours(folder, 'proxy/main.ts').nothrow()
  const message = await started(gateway)
  const curl = (STARTED.exec(message)?.[0] ?? '').trim()
  const answer = await $({ quiet: true })`sh -c ${curl.replace('curl', 'curl -s')}`
  await gateway.kill('SIGTERM')
  await gateway
  const ingest = await ours(folder, 'logdb/cli.ts', ['ingest'])
  const search = await ours(folder, 'logdb/cli.ts', ['search', 'hello'])
  return [
    { comment: 'A gateway on this machine', command: 'npm start', output: message.split('\nTry it:')[0] ?? '' },
    { comment: 'Talk to it as to OpenAI', command: curl, output: answer.stdout },
    { comment: 'Store what was said', command: 'npx logdb ingest', output: ingest.text() },
    { comment: 'Find it again', command: 'npx logdb search hello', output: search.text() },
  ]
}

async function started(gateway: ProcessPromise): Promise<string> {
  let message = ''
  for await (const chunk of gateway.stderr) {
    message += String(chunk)
    if (STARTED.test(message)) return message
  }
  throw new Error(`the gateway did not start: ${message}`)
}

async function dryRun(folder: string): Promise<Typed> {
  writeFileSync(join(folder, '.env'), DOTENV)
  const server = await startServer(folder, 'my-server')
  try {
    const args = ['--host', 'my-server', '--domain', 'llm.example.com', '--dry-run']
    const { stdout, stderr } = await ours(folder, 'deploy/cli.ts', [...args, '--ssh-config', server.sshConfig])
    const command = `npx ai-deploy ${args.join(' ')}`
    return { comment: 'What would it take to run it on a server, with HTTPS?', command, output: stdout + stderr }
  } finally {
    await server.stop()
  }
}
