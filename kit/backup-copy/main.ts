import { readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { errorMessage, UserError } from '../user-error.ts'
import { openStore, sendFiles } from './copies.ts'
import { COPY_PATHS, type CopyJob, type CopyResult } from './jobs.ts'

/**
 * Runs in the release's image on the server: copies backups to another place, or fetches one from there. It takes the paths
 * of a job, of the folder of backups and of an SSH key. Results go to stdout, a line of JSON each; what is fetched goes there
 * as it is.
 */
async function run(job: CopyJob, folder: string): Promise<void> {
  if (job.verb === 'send') {
    for await (const result of sendFiles(folder, job)) print(result)
    return
  }
  const store = await openStore(job.target)
  try {
    const { name } = job
    if (job.verb === 'fetch') await pipeline(await store.get(name), process.stdout)
    else print({ name, storedAs: name, sizeBytes: await store.sizeOf(name), sha256: '' })
  } finally {
    store.close()
  }
}

function print(result: CopyResult): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

const [jobFile = COPY_PATHS.job, folder = COPY_PATHS.backups, keyFile = COPY_PATHS.key] = process.argv.slice(2)
try {
  const job: CopyJob = JSON.parse(readFileSync(jobFile, 'utf8'))
  const target = job.target.kind === 'ssh' ? { ...job.target, keyFile } : job.target
  await run({ ...job, target }, folder)
} catch (error) {
  const hint = error instanceof UserError ? ` (${error.hint})` : ''
  process.stderr.write(`${errorMessage(error)}${hint}\n`)
  process.exitCode = 1
}
