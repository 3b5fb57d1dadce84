import { describe, expect, test } from 'vitest'
import { makeProgram } from '../../../deploy/commands/program.ts'
import type { Flags } from '../../../deploy/local/options.ts'
import { isHelpShown } from '../../../kit/cli/command-errors.ts'
import { testWith } from '../../helpers/needs.ts'
import { output } from '../../helpers/process/programs.ts'

/** What a command line gives: the flags of an action, or what is printed. */
async function parse(...args: string[]) {
  let flags: Flags | undefined
  let stdout = ''
  const run = async (given: Flags) => {
    flags = given
  }
  const program = makeProgram(run, (text) => {
    stdout += text
  })
  await program.parseAsync(args, { from: 'user' }).catch((error: unknown) => {
    if (!isHelpShown(error)) throw error
  })
  return { flags, stdout }
}

const optionsIn = (help: string) => help.match(/--[a-z][a-z-]+(?= |$)/gm) ?? []

test('flags arrive under the names of the options', async () => {
  const { flags } = await parse('--host', 'h', '--resolve', 'a:1', '--resolve=b:2', '--dry-run', '--no-dotenv')
  expect(flags).toEqual({ host: 'h', resolve: ['a:1', 'b:2'], dryRun: true, backup: true, dotenv: false })
  expect((await parse()).flags).toEqual({ backup: true, dotenv: true })
})

test('--help shows the options in groups, with examples', async () => {
  const { stdout, flags } = await parse('--help')
  expect(flags).toBeUndefined()
  expect(stdout.match(/^[A-Z].*:$/gm)).toEqual([
    'Server:',
    'Actions (without one it deploys):',
    'Address and certificate:',
    'General:',
    'Commands:',
    'Examples:',
  ])
  expect(stdout).toContain('\nExamples:\n  ai-deploy --host root@203.0.113.7\n')
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('in %s has every option and command', async (shell) => {
    const { stdout: script } = await parse('completion', shell)
    const options = optionsIn((await parse('--help')).stdout).map((option) => option.slice(2))
    expect(options.length).toBeGreaterThan(15)
    expect([...options, 'completion'].filter((word) => !script.includes(word))).toEqual([])
  })

  testWith('bash')('in bash completes options and shells', async () => {
    const { stdout: script } = await parse('completion', 'bash')
    const last = `COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))\n_ai_deploy\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    const complete = (...words: string[]) => output('bash', '-c', `${script}\n${last}`, 'bash', 'ai-deploy', ...words)
    expect(complete('--r')).toBe('--rollback\n--restore-backup\n--resolve\n')
    expect(complete('--host', 'x', '--ro')).toBe('--rollback\n')
    expect(complete('completion', '')).toContain('bash\nzsh\nfish\n')
  })
})
