// Checks the subjects of all commits after the one in .ci/last-unchecked-commit: at most 72 characters each. Merges are
// left out, since git writes their subjects. Where the history is not here, the check is skipped and says so.
// Usage: node scripts/check-commits.mjs, in the repository to check.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const LONGEST = 72
const START_FILE = '.ci/last-unchecked-commit'

const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd()

/** Why the commits cannot be listed here, or undefined. */
function obstacle(start) {
  try {
    if (git('rev-parse', '--is-shallow-repository') === 'true') return 'this is a shallow clone'
  } catch (error) {
    return `git does not work here: ${String(error.stderr ?? error.message).split('\n', 1)[0]}`
  }
  try {
    git('merge-base', '--is-ancestor', start, 'HEAD')
  } catch {
    return `commit ${start} is not in this history`
  }
}

const start = readFileSync(START_FILE, 'utf8').trim()
const reason = obstacle(start)
if (reason) {
  console.log(`skipped: commit subjects (${reason})`)
} else {
  const lines = git('log', '--no-merges', '--format=%h %s', `${start}..HEAD`).split('\n').filter(Boolean)
  const long = lines.filter((line) => [...line.slice(line.indexOf(' ') + 1)].length > LONGEST)
  for (const line of long) console.error(`The subject is longer than ${LONGEST} characters: ${line}`)
  if (long.length > 0)
    console.error('Hint: shorten it with git commit --amend or git rebase; put the reason into the body.')
  else console.log(`${lines.length} commit subjects are at most ${LONGEST} characters long`)
  process.exitCode = long.length > 0 ? 1 : 0
}
