import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DEPLOY_ERRORS } from '../../deploy/errors.ts'
import { packageRoot, packageVersion } from '../../kit/package-root.ts'
import { testWith } from '../helpers/needs.ts'
import { runCli, runMain } from '../helpers/process/run-ai-deploy.ts'
import { sharedTempFolder } from '../helpers/temp-folder.ts'

/** A host of an ssh configuration where nobody listens. */
const UNREACHABLE = 'Host nowhere elsewhere\n  HostName 127.0.0.1\n  Port 1\n  User me\n  IdentityFile /nowhere\n'

const CLI_DOC = readFileSync(join(packageRoot(), 'docs/cli.md'), 'utf8')

const FOLDER = sharedTempFolder()

interface Surroundings {
  files?: Record<string, string>
  env?: Record<string, string>
}

/** A folder with these files. */
function folderWith(files: Record<string, string> = {}): string {
  const cwd = mkdtempSync(join(FOLDER, 'cwd-'))
  for (const [name, text] of Object.entries({ ssh: UNREACHABLE, ...files })) writeFileSync(join(cwd, name), text)
  return cwd
}

/** Runs it in a folder with these files; `--ssh-config ssh` is one of them. */
async function run(args: string[], { files, env = {} }: Surroundings = {}) {
  const cwd = folderWith(files)
  // OpenSSH, which reads it, is started in the folder of the tests.
  const placed = args.map((arg, index) => (args[index - 1] === '--ssh-config' ? join(cwd, arg) : arg))
  return { cwd, ...(await runMain(placed, { cwd, env })) }
}

/** The same in a separate process. */
async function runProcess(args: string[], { files, env = {} }: Surroundings = {}) {
  const cwd = folderWith(files)
  return { cwd, ...(await runCli(args, { cwd, env })) }
}

const refused = (message: string, hint: string) => ({
  exitCode: 2,
  stdout: '',
  stderr: `✖ ${message}${message.endsWith('?') ? '' : '.'}\nHint: ${hint}. (USAGE, exit code 2)\n`,
})

describe.concurrent('ai-deploy', () => {
  test('--help and --version go to stdout', async () => {
    const { exitCode, stdout, stderr } = await run(['--help'])
    expect([exitCode, stderr]).toEqual([0, ''])
    const options = stdout.match(/--[a-z][a-z-]+(?= |$)/gm) ?? []
    expect(new Set(options)).toEqual(
      new Set([
        ...[
          '--host',
          '--path',
          '--adopt',
          '--rollback',
          '--list-backups',
          '--restore-backup',
          '--include-certs',
          '--include-logs',
          '--keep-domain',
          '--domain',
          '--watch',
          '--image',
          '--age-identity',
        ],
        ...['--email', '--ip', '--resolve', '--ca-file', '--ssh-config', '--identity', '--host-key', '--ssh-command'],
        ...['--service', '--name', '--staging', '--no-staging', '--drop-old', '--build'],
        ...['--cert', '--key', '--no-cert', '--free-ports'],
        ...['--yes', '--dry-run', '--lock-wait', '--json', '--no-backup', '--no-dotenv', '--help', '--version'],
      ]),
    )
    const undocumented = [...new Set(options)].filter((option) => !CLI_DOC.includes(`\`${option}`))
    expect(undocumented).toEqual(['--version', '--help'])
    expect(await runProcess(['--version'])).toMatchObject({ exitCode: 0, stdout: `${packageVersion()}\n`, stderr: '' })
  })

  test('a host must be named', async () => {
    expect(await runProcess([])).toMatchObject(
      refused('Which server?', 'name it: ai-deploy --host user@server (or set DEPLOY_HOST)'),
    )
  })

  test.each([
    [['--nonsense'], "Unknown option '--nonsense'"],
    [['server'], 'Too many arguments. Expected 0 arguments but got 1'],
    [['--rollback', '--list-backups'], "Option '--rollback [id]' cannot be used with option '--list-backups'"],
    [
      ['--list-backups', '--restore-backup', 'x'],
      "Option '--list-backups' cannot be used with option '--restore-backup <file>'",
    ],
  ])('%j is refused', async (args, message) => {
    expect(await run(args)).toMatchObject(refused(message, 'see ai-deploy --help'))
  })

  test.each([
    [['--rollback', '--build', 'local'], '--build works only with a deploy, plan and adopt'],
    [['status', '--build', 'local'], '--build works only with a deploy, plan and adopt'],
    [['--build', 'here'], '--build here is not a place'],
    [['--build', 'local', '--image', 'x'], "Option '--build <place>' cannot be used with option '--image <reference>'"],
  ])('%j is refused, since nothing would be built', async (args, message) => {
    expect(await run([...args, '--host', 'x'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) })
  })

  test('a command line that cannot be read is an object on stdout with --json, with its action', async () => {
    const { exitCode, stdout } = await run(['--rollback', '--json', '--nonsense'])
    expect([exitCode, JSON.parse(stdout)]).toEqual([
      2,
      {
        ok: false,
        verb: 'rollback',
        error: { code: 'USAGE', message: "unknown option '--nonsense'", hint: 'see ai-deploy --help' },
      },
    ])
  })

  test('completion needs no --host, and knows its shells', async () => {
    const [bash, other] = await Promise.all([run(['completion', 'bash']), run(['completion', 'tcsh'])])
    expect(bash).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("'/--host')"), stderr: '' })
    expect(other).toMatchObject({ exitCode: 2, stdout: '' })
    expect(other.stderr).toMatch(/bash, zsh, fish\.\nHint: see ai-deploy completion --help\. \(USAGE, exit code 2\)\n$/)
  })

  describe('a server that cannot be reached', () => {
    const message = 'Cannot reach me@127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1'
    const unreachable = {
      exitCode: 10,
      stdout: '',
      stderr: `✖ ${message}.\nHint: check the name, the port and the firewall; this must work: ssh nowhere true. (SSH_UNREACHABLE, exit code 10)\n`,
    }

    testWith('ssh')('ends each action with exit code 10', async () => {
      const actions = [['--dry-run'], ['--rollback'], ['--restore-backup', 'b.tar.gz']]
      const results = await Promise.all(
        actions.map((action) => run(['--host', 'nowhere', '--ssh-config', 'ssh', ...action])),
      )
      expect(results).toEqual(results.map(({ cwd }) => ({ cwd, ...unreachable })))
    })

    testWith('ssh')('is an object on stdout with --json', async () => {
      const args = ['--host', 'nowhere', '--ssh-config', 'ssh', '--list-backups', '--json']
      const { exitCode, stdout, stderr } = await runProcess(args)
      expect([exitCode, stderr]).toEqual([10, unreachable.stderr])
      expect(JSON.parse(stdout)).toEqual({
        ok: false,
        verb: 'list-backups',
        error: {
          code: 'SSH_UNREACHABLE',
          message: message.replace('C', 'c'),
          hint: 'check the name, the port and the firewall; this must work: ssh nowhere true',
        },
      })
      expect(stdout.trimEnd()).not.toContain('\n')
    })
  })

  test.each([
    ['in the environment', { env: { DEPLOY_HOST: '-from-env' } }],
    ['in .env', { files: { '.env': 'DEPLOY_HOST=-from-env\n' } }],
  ])('the host may be named by DEPLOY_HOST %s', async (_where, surroundings) => {
    expect(await runProcess([], surroundings)).toMatchObject(
      refused('"-from-env" is not a host name', 'name it: ai-deploy --host user@server'),
    )
  })

  test('DEPLOY_PATH works as --path does, and is checked before any connection', async () => {
    expect(await run(['--host', 'nowhere'], { env: { DEPLOY_PATH: 'relative' } })).toMatchObject(
      refused('--path relative is not an absolute path of plain characters', 'give one like /root/ai-proxy'),
    )
  })

  test('--no-dotenv leaves .env alone, even one that is wrong', async () => {
    const files = { '.env': 'DEPLOY_HOST=nowhere\nnonsense\n' }
    const { exitCode, stderr } = await run(['--no-dotenv'], { files })
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Which server?')])
  })

  test('an invalid .env is refused with all that is wrong, and without what it holds', async () => {
    const files = { '.env': 'top-secret words\nHTTPS_PORT=0\nACME_STAGING=maybe\nAPI_KEYS="top-secret\n' }
    const { exitCode, stdout, stderr } = await run(['--host', 'nowhere', '--json'], { files })
    expect(exitCode).toBe(2)
    expect(stderr).toBe(`✖ .env line 1: expected NAME=value or a comment that starts with #
.env line 4: the quoted value of API_KEYS has no closing quote
.env HTTPS_PORT: found "0", allowed: a port, 1 to 65535
.env ACME_STAGING: found "maybe", allowed: true or false
Hint: correct .env; .env.example shows every variable. (CONFIG_INVALID, exit code 2)
`)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, verb: 'deploy', error: { code: 'CONFIG_INVALID' } })
    expect(stdout).not.toContain('top-secret')
  })

  test('an invalid config.yml is refused with all that is wrong, before any connection', async () => {
    const files = { 'config.yml': 'model_mappings:\n  a: 7\n  b: ""\nextra: 1\n' }
    const { cwd, exitCode, stderr } = await run(['--host', 'nowhere', '--ssh-config', 'ssh'], { files })
    expect(exitCode).toBe(2)
    const problems = stderr.slice('✖ '.length, stderr.indexOf('\nHint: '))
    expect(problems.replaceAll(`${cwd}/`, '').split('\n').toSorted()).toEqual([
      'config.yml: model_mappings.a: found 7, allowed: string or array',
      'config.yml: model_mappings.b: found an empty text, allowed: a name',
      'config.yml: top level: found the key "extra", allowed: model_mappings, fallbacks, providers, log, provider_options, limits',
    ])
    expect(stderr).toContain('(CONFIG_INVALID, exit code 2)')
  })

  test('CONFIG_PATH names another config.yml, in the environment or in .env', async () => {
    const files = { 'config.yml': 'model_mappings: {}\n', 'other.yml': 'model_mappings: 7\n' }
    const results = await Promise.all([
      run(['--host', 'nowhere'], { files: { ...files, '.env': 'CONFIG_PATH=other.yml\n' } }),
      run(['--host', 'nowhere'], { files, env: { CONFIG_PATH: 'missing.yml' } }),
    ])
    expect(results.map(({ exitCode }) => exitCode)).toEqual([2, 2])
    expect(results.map(({ cwd, stderr }) => stderr.split('\n')[0]?.replace(`${cwd}/`, ''))).toEqual([
      '✖ other.yml: model_mappings: found 7, allowed: object.',
      expect.stringMatching(/^✖ Cannot read missing\.yml: ENOENT/),
    ])
  })

  test('files that are named must be there', async () => {
    const { exitCode, stderr } = await run(['--host', 'nowhere', '--ca-file', 'missing.pem'])
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Cannot read missing.pem: ENOENT')])
  })
})

test('docs/cli.md lists every error with its exit code and meaning, and no other', () => {
  const rows = [...CLI_DOC.matchAll(/^\| (\d+) \| `([A-Z_]+)` \| ([^|]*) \|$/gm)]
  const documented = rows.map(([, exitCode, code, meaning]) => [code, { exitCode: Number(exitCode), meaning }])
  expect(documented).toHaveLength(Object.keys(DEPLOY_ERRORS).length)
  expect(Object.fromEntries(documented)).toEqual(DEPLOY_ERRORS)
})

test('the exit codes of docs/cli.md are those of the errors, and 0', () => {
  const section = CLI_DOC.slice(CLI_DOC.indexOf('## Exit codes'))
  const numbers = [...section.matchAll(/^\| (\d+) \|/gm)].map(([, exitCode]) => Number(exitCode))
  const ofErrors = Object.values(DEPLOY_ERRORS).map(({ exitCode }) => exitCode)
  expect(new Set(numbers)).toEqual(new Set([0, ...ofErrors]))
})
