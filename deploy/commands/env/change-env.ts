import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import { configInvalid } from '../../../kit/user-error.ts'
import type { Context } from '../../session/context.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { deployFrom } from '../deploy.ts'
import { liveSource } from '../release-source.ts'

/** Makes the live release again with another .env, as every deploy does: checked, planned, and watched. */
export function changeEnv(context: Context, verb: string, change: (text: string) => string): Promise<Outcome> {
  return deployFrom(context, verb, async (open) => ({
    ...(await liveSource(context, open)),
    changeEnv: (text) => withKeys(change(text)),
  }))
}

/** @throws UserError CONFIG_INVALID: a gateway that anybody can reach does not start without */
function withKeys(text: string): string {
  if (parseDotenv(text).values['API_KEYS']) return text
  throw configInvalid('a gateway on a server needs API_KEYS', 'leave API_KEYS in the .env of the server')
}
