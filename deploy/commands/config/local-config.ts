import { resolve } from 'node:path'
import type { Context } from '../../session/context.ts'

/** The config.yml of this machine: the one that is named, that of CONFIG_PATH, or that of the current folder. */
export function localConfigPath({ options: { cwd, env } }: Context, file: string | undefined): string {
  return resolve(cwd, file ?? env['CONFIG_PATH'] ?? 'config.yml')
}
