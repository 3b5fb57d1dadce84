import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { plantKeys } from './secrets.ts'

export const CLONE = join(import.meta.dirname, '../../..')

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `ai-deploy-e2e-${name}-`))
}

/** Deploys are watched for a moment only, and nothing is kept running, where neither is the subject. */
export const QUICK_ENV = 'WATCH_S=1\nWARM_S=0\n'

/** Makes a folder to deploy from: config.yml of the clone with the wanted changes, and .env with what is given. */
export function deployFolder(name: string, files: { env?: string; config?: (text: string) => string } = {}): string {
  const folder = temporaryFolder(name)
  mkdirSync(folder, { recursive: true })
  const config = readFileSync(join(CLONE, 'config.yml'), 'utf8')
  writeFileSync(join(folder, 'config.yml'), files.config ? files.config(config) : config)
  plantKeys(parseDotenv(files.env ?? '').values)
  writeFileSync(join(folder, '.env'), (files.env ?? '') + QUICK_ENV, { mode: 0o600 })
  return folder
}

/** Adds a model, so that the next deploy from this folder makes a new release. */
export function addModel(folder: string, name: string): void {
  const path = join(folder, 'config.yml')
  writeFileSync(path, `${readFileSync(path, 'utf8')}  "${name}": "openrouter:openai/${name}"\n`)
}

/** A copy of the built clone, for what changes files of it: other tests use the clone at the same time. @returns its folder */
export function copyOfClone(name: string): string {
  const folder = temporaryFolder(name)
  const skipped = ['node_modules', '.git', 'coverage', 'tests']
  cpSync(CLONE, folder, { recursive: true, filter: (path) => !skipped.includes(relative(CLONE, path)) })
  symlinkSync(join(CLONE, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** A copy of the built clone with more text in proxy/main.ts. @returns the path of its CLI */
export function changedClone(name: string, addedToMain: string): string {
  const folder = copyOfClone(name)
  appendFileSync(join(folder, 'proxy/main.ts'), addedToMain)
  return join(folder, 'dist/deploy/cli.js')
}
