import { spawnSync } from 'node:child_process'
import type { Environment } from '../settings/environment.ts'
import { hasErrorCode } from '../user-error.ts'

/** Ends at once if all fits on the screen, keeps colours, and leaves what was shown on the screen. */
const LESS_OPTIONS = 'FRX'
const NOT_FOUND = 127

/**
 * Shows a text in the program that PAGER names, or in less, and returns when the user has left it.
 * @returns false if there is no such program: then nothing was shown
 */
export function showInPager(text: string, env: Environment): boolean {
  const pager = env['PAGER'] ?? 'less'
  if (pager.trim() === '' || pager === 'cat') return false
  // The pager reads the keys of the user, Ctrl-C too, which must not end this program before it.
  const ignore = () => {}
  process.on('SIGINT', ignore)
  try {
    const { error, status } = spawnSync(pager, {
      shell: env['PAGER'] !== undefined,
      input: text,
      stdio: ['pipe', 'inherit', 'inherit'],
      env: { ...env, LESS: env['LESS'] ?? LESS_OPTIONS },
    })
    // A pager that was left before the end does not read the rest, and neither does a shell that finds none.
    const isShown = error === undefined || hasErrorCode(error, 'EPIPE')
    return isShown && status !== NOT_FOUND
  } finally {
    process.off('SIGINT', ignore)
  }
}
