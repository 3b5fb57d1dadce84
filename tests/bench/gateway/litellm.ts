import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '../../../kit/package-root.ts'

const VERSION = '1.108.7'

/** The program from PyPI, in a virtual environment of 760 MB; the first run installs it, which takes minutes. */
export async function liteLlmProgram(): Promise<string> {
  const folder = join(packageRoot(), 'node_modules', '.cache', 'bench', `litellm-${VERSION}`)
  const program = join(folder, 'bin/litellm')
  if (!existsSync(program)) {
    const run = promisify(execFile)
    mkdirSync(folder, { recursive: true })
    await run('python3', ['-m', 'venv', folder])
    await run(join(folder, 'bin/pip'), ['install', '--quiet', `litellm[proxy]==${VERSION}`])
  }
  return program
}

/** The same mapping as ours, with a key. */
export function liteLlmConfig(upstream: string, apiKey: string): string {
  return JSON.stringify({
    model_list: [
      {
        model_name: 'bench-model',
        litellm_params: { model: 'openai/provider/a-model', api_base: `${upstream}/v1`, api_key: 'upstream-key' },
      },
    ],
    litellm_settings: { telemetry: false },
    general_settings: { master_key: apiKey },
  })
}
