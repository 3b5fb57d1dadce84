import { execFile, execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Argument, Command } from 'commander'
import { expect, test } from 'vitest'
import { addCompletion } from '../../../kit/cli/completion/add-completion.ts'
import { testWith } from '../../helpers/needs.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const run = promisify(execFile)

/** A folder with a script for this shell, of a program that has a bit of everything, and files to complete. */
function folderFor(shell: 'bash' | 'zsh' | 'fish'): string {
  let script = ''
  const program = new Command('my-tool').exitOverride().option('--host <server>', "the server: it's far away")
  const index = program.command('index').description('Work on the index')
  index.command('build').description('Build it').option('--out <folder>', 'where to').option('--quiet', 'say nothing')
  program.command('show').description('Show a file').argument('<file>', 'what')
  program.command('mode').addArgument(new Argument('<mode>').choices(['fast', 'slow']))
  addCompletion(program, (text) => {
    script = text
  })
  program.parse(['completion', shell], { from: 'user' })
  return tempFolder({ script, 'folder a/file': '', 'file b': '' })
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '')

function inBash(folder: string, ...words: string[]): string[] {
  const array = words.map((word) => `'${word}'`).join(' ')
  const script = `source ./script; COMP_WORDS=(my-tool ${array}); COMP_CWORD=${words.length}; _my_tool
    for reply in "\${COMPREPLY[@]}"; do echo "$reply"; done`
  return lines(execFileSync('bash', ['--norc', '-c', script], { cwd: folder, encoding: 'utf8' }))
}

testWith('bash')('bash completes commands, options, choices, files and folders', () => {
  const folder = folderFor('bash')
  expect(inBash(folder, '')).toEqual(['index', 'show', 'mode', 'completion', '--host', '--help'])
  expect(inBash(folder, 'in')).toEqual(['index'])
  expect(inBash(folder, 'index', '')).toEqual(['build', '--help'])
  expect(inBash(folder, 'index', 'build', '--')).toEqual(['--out', '--quiet', '--help'])
  expect(inBash(folder, 'index', 'build', '--out', '')).toEqual(['folder a'])
  expect(inBash(folder, 'show', 'f').sort()).toEqual(['file b', 'folder a'])
  expect(inBash(folder, 'mode', 's')).toEqual(['slow'])
  expect(inBash(folder, 'completion', '')).toEqual(['bash', 'zsh', 'fish', '--help'])
})

function inFish(folder: string, line: string): string[] {
  const script = `source ./script; complete -C '${line}'`
  const home = tempFolder()
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home }
  return lines(execFileSync('fish', ['--no-config', '-c', script], { cwd: folder, encoding: 'utf8', env })).map(
    (line) => line.split('\t')[0] ?? '',
  )
}

testWith('fish')('fish completes commands, options, choices, files and folders', () => {
  const folder = folderFor('fish')
  expect(inFish(folder, 'my-tool ').sort()).toEqual(['completion', 'index', 'mode', 'show'])
  expect(inFish(folder, 'my-tool --')).toEqual(['--help', '--host'])
  expect(inFish(folder, 'my-tool index ')).toEqual(['build'])
  expect(inFish(folder, 'my-tool index build --')).toEqual(['--help', '--out', '--quiet'])
  expect(inFish(folder, 'my-tool index build --out f')).toEqual(['folder a/'])
  expect(inFish(folder, 'my-tool show fi')).toEqual(['file b'])
  expect(inFish(folder, 'my-tool mode ')).toEqual(['fast', 'slow'])
})

const ZSH_DRIVER = join(import.meta.dirname, '../../helpers/process/complete-in-zsh.zsh')

/** What zsh shows in a pseudo terminal where a person presses Tab. */
async function inZsh(folder: string, line: string): Promise<string> {
  return (await run('zsh', ['-f', ZSH_DRIVER, './script', line], { cwd: folder })).stdout
}

testWith('zsh')('zsh completes commands, options, choices, files and folders', async () => {
  const folder = folderFor('zsh')
  const typed = ['', '--', 'index ', 'index build --', 'index build --out ', 'show fi', 'mode s']
  const shown = await Promise.all(typed.map((words) => inZsh(folder, `my-tool ${words}`)))
  const [commands, options, indexCommands, buildOptions, folders, files, modes] = shown
  expect(commands).toMatch(/completion[\s\S]*index[\s\S]*Work on the index[\s\S]*mode[\s\S]*show/)
  expect(options).toMatch(/--help[\s\S]*--host[\s\S]*the server: it's far away/)
  expect(indexCommands).toContain('build')
  expect(buildOptions).toMatch(/--out[\s\S]*--quiet/)
  expect(folders).toContain('folder\\ a')
  expect(folders).not.toContain('file\\ b')
  expect(files).toContain('file\\ b')
  expect(modes).toContain('slow')
})

test('a shell that is not known is refused', () => {
  const program = new Command('my-tool').exitOverride().configureOutput({ writeErr: () => {} })
  addCompletion(program, () => {})
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  expect(() => program.parse(['completion', 'tcsh'], { from: 'user' })).toThrow(/Allowed choices are bash, zsh, fish/)
})
