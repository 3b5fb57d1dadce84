import { randomBytes } from 'node:crypto'
import type { CopyTarget } from '../../../kit/backup-copy/copy-settings.ts'
import { COPY_PATHS, type CopyJob } from '../../../kit/backup-copy/jobs.ts'
import type { Argv } from '../../host/argv.ts'
import type { Host } from '../../host/host.ts'
import { copyBackups } from '../../remote/backup/copy-backups.ts'
import type { ServerLayout } from '../layout.ts'
import { putFile } from '../transfer.ts'

/** Where a job runs. */
export interface CopyPlace {
  host: Host
  layout: ServerLayout
  /** An image of a release that has the sender. */
  image: string
}

/** Puts a job on the server. @returns the command that runs it, once */
export async function placeCopyJob({ host, layout, image }: CopyPlace, job: CopyJob): Promise<Argv> {
  const path = layout.copyJob(randomBytes(8).toString('hex'))
  await putFile(host, path, JSON.stringify(job), { mode: '600' })
  return copyBackups({
    folder: layout.folder,
    job: path,
    image,
    key: keyOf(job.target),
    program: COPY_PATHS.program,
  })
}

function keyOf(target: CopyTarget): string {
  return target.kind === 'ssh' ? target.keyFile : ''
}

/** Why a job did not run, from what it printed on stderr. */
export function copyProblem(stderr: string): string {
  if (stderr.includes('Cannot find module')) return 'the live release is too old to send backups; deploy first'
  return stderr.trim().split('\n').at(-1) ?? ''
}
