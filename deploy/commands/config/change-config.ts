import { parseConfigFile } from '../../../kit/gateway-config/config-file.ts'
import { deployError } from '../../errors.ts'
import type { Context } from '../../session/context.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { deployFrom } from '../deploy.ts'
import { liveSource } from '../release-source.ts'

interface NewConfig {
  text: string
  /** No file of this machine has it. */
  isOfServer: boolean
  /** What it was made of, if that must still be the live one. */
  replaces?: string
}

/** Makes the live release again with another config.yml, as every deploy does: checked, planned, and watched. */
export function changeConfig(context: Context, verb: string, config: NewConfig): Promise<Outcome> {
  const { text, isOfServer, replaces } = config
  return deployFrom(context, verb, async (open) => {
    const source = await liveSource(context, open)
    if (replaces !== undefined && source.files.config !== replaces) {
      throw deployError(
        'SERVER_CHANGED',
        'config.yml of the server was changed meanwhile',
        'run again to edit the new one',
      )
    }
    const files = { ...source.files, config: text, gatewayConfig: parseConfigFile(text, 'config.yml') }
    return { ...source, files, configFrom: isOfServer ? 'server' : undefined }
  })
}
