import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const CLONE = join(import.meta.dirname, '../../..')

export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `ai-deploy-e2e-${name}-`))
}

/** Makes a folder to deploy from: config.yml of the clone with the wanted changes, and .env if it is given. */
export function deployFolder(name: string, files: { env?: string; config?: (text: string) => string } = {}): string {
  const folder = temporaryFolder(name)
  mkdirSync(folder, { recursive: true })
  const config = readFileSync(join(CLONE, 'config.yml'), 'utf8')
  writeFileSync(join(folder, 'config.yml'), files.config ? files.config(config) : config)
  if (files.env !== undefined) writeFileSync(join(folder, '.env'), files.env, { mode: 0o600 })
  return folder
}

/** Adds a model, so that the next deploy from this folder makes a new release. */
export function addModel(folder: string, name: string): void {
  const path = join(folder, 'config.yml')
  writeFileSync(path, `${readFileSync(path, 'utf8')}  "${name}": "openrouter:openai/${name}"\n`)
}
