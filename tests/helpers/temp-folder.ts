import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, onTestFinished } from 'vitest'

const MEMORY = '/dev/shm'

/** A folder with these files, by relative path, that is removed when the test ends. */
export function tempFolder(files: Record<string, string | Buffer> = {}): string {
  const folder = makeFolder(files)
  onTestFinished(() => removeFolder(folder))
  return folder
}

/** The same for all tests of a file. */
export function sharedTempFolder(files: Record<string, string | Buffer> = {}): string {
  const folder = makeFolder(files)
  afterAll(() => removeFolder(folder))
  return folder
}

/** The same, for a caller that removes it. */
export function makeFolder(files: Record<string, string | Buffer> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'ai-deploy-test-')))
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

/** An empty folder in memory, if the system has one, for tests that write to disk thousands of times. */
export function fastFolder(): string {
  return realpathSync(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'ai-deploy-test-')))
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}
