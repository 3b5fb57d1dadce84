import { readText } from '../../../kit/files.ts'
import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import type { Context } from '../../session/context.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { changeConfig } from './change-config.ts'
import { localConfigPath } from './local-config.ts'

/** Makes the live release again with the config.yml of this machine. */
export async function pushConfig(context: Context, file: string | undefined): Promise<Outcome> {
  const path = localConfigPath(context, file)
  const text = readText(path)
  parseConfigFile(text, path)
  return changeConfig(context, 'config push', { text, isOfServer: false })
}
