import type { CopyTarget } from './copy-settings.ts'

/** What the sender is to do; it reads this as JSON, since secrets do not belong on a command line. */
export type CopyJob =
  | { verb: 'send'; target: CopyTarget; recipients: string[]; names: string[] }
  | { verb: 'check' | 'fetch'; target: CopyTarget; name: string }

/** A line of the sender's output. */
export type CopyResult =
  | { name: string; storedAs: string; sizeBytes: number; sha256: string }
  | { name: string; problem: string; hint: string }

/** Where the sender finds things in its container. */
export const COPY_PATHS = {
  job: '/job.json',
  backups: '/backups',
  key: '/key',
  program: '/app/dist/kit/backup-copy/main.js',
}
