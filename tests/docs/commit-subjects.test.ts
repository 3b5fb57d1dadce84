import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { testWith } from '../helpers/needs.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

const SCRIPT = join(packageRoot(), 'scripts/check-commits.mjs')
const NOBODY = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@example.com']
const UNKNOWN = '0123456789abcdef0123456789abcdef01234567'
const LONGEST = 'x'.repeat(72)

const git = (cwd: string, ...args: string[]) =>
  execFileSync('git', [...NOBODY, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim()

const commit = (cwd: string, subject: string) => git(cwd, 'commit', '--quiet', '--allow-empty', '--message', subject)

/** A repository whose first commit, with a subject that is too long, is the last one that is not checked. */
function repository(subjects: string[]): string {
  const folder = tempFolder()
  git(folder, 'init', '--quiet')
  commit(folder, `${LONGEST}x`)
  return withStart(folder, git(folder, 'rev-parse', 'HEAD'), subjects)
}

function withStart(folder: string, start: string, subjects: string[] = []): string {
  execFileSync('sh', ['-c', `mkdir -p .ci && echo ${start} > .ci/last-unchecked-commit`], { cwd: folder })
  for (const subject of subjects) commit(folder, subject)
  return folder
}

function check(cwd: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT], { cwd, encoding: 'utf8' })
  return { status, stdout, stderr }
}

const gitTest = testWith('git')

gitTest('subjects of at most 72 characters after the recorded commit pass', () => {
  const stdout = '3 commit subjects are at most 72 characters long\n'
  expect(check(repository(['Fix it', LONGEST, 'é'.repeat(72)]))).toEqual({ status: 0, stdout, stderr: '' })
})

gitTest('a longer subject fails, and is named', () => {
  const { status, stderr } = check(repository(['Fix it', `${LONGEST}y`]))
  expect(status).toBe(1)
  expect(stderr).toMatch(/^The subject is longer than 72 characters: [0-9a-f]+ x{72}y\nHint: shorten it/)
})

gitTest('a shallow clone is skipped by name', () => {
  const full = repository(['one', 'two'])
  const clone = tempFolder()
  git(clone, 'clone', '--quiet', '--depth', '1', `file://${full}`, '.')
  withStart(clone, UNKNOWN)
  const stdout = 'skipped: commit subjects (this is a shallow clone)\n'
  expect(check(clone)).toEqual({ status: 0, stdout, stderr: '' })
})

gitTest('a history without the recorded commit is skipped by name', () => {
  const stdout = `skipped: commit subjects (commit ${UNKNOWN} is not in this history)\n`
  expect(check(withStart(repository(['one']), UNKNOWN))).toEqual({ status: 0, stdout, stderr: '' })
})

gitTest('a folder that is not a repository is skipped by name', () => {
  expect(check(withStart(tempFolder(), UNKNOWN))).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^skipped: commit subjects \(git does not work here: fatal: not a git repository/),
  })
})
