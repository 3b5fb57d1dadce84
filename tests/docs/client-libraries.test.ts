import { execFile } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { packageRoot } from '../../kit/package-root.ts'
import { startForClients } from '../helpers/clients/gateway-for-clients.ts'
import { tempFolder } from '../helpers/temp-folder.ts'

/** The package of a block is the first one that it imports. */
const PACKAGE = /from '([^']+)'/

test('each block of docs/clients.md in JavaScript prints the answer', async () => {
  const started = await startForClients()
  const blocks = started.blocks.filter(({ language }) => language === 'js')
  const packages = blocks.map(({ text }) => PACKAGE.exec(text)?.[1])
  expect(packages).toEqual(['@langchain/openai', 'openai', '@anthropic-ai/sdk', '@ai-sdk/openai-compatible'])
  const files = Object.fromEntries(blocks.map(({ text }, at) => [`${at}.mjs`, text]))
  const imports = Object.keys(files).map((name) => `await import('./${name}')\n`)
  // One process for all, because the time goes into its start.
  const folder = tempFolder({ ...files, 'all.mjs': imports.join('') })
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'))
  const run = () => promisify(execFile)(process.execPath, ['all.mjs'], { cwd: folder, env: {} })
  const { result, records } = await started.exchangesOf(run)
  expect(result.stdout).toBe(`${started.words}\n`.repeat(blocks.length))
  expect(records.map(({ endpoint, api_key_name, dialog_id }) => [endpoint, api_key_name, dialog_id])).toEqual([
    ['/v1/chat/completions', 'app', undefined],
    ['/v1/chat/completions', 'app', 'my-first-dialog'],
    ['/v1/messages', 'app', undefined],
    ['/v1/chat/completions', 'app', undefined],
  ])
})
