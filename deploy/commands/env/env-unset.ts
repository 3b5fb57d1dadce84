import { editDotenv, parseDotenv } from '../../../kit/settings/dotenv.ts'
import { deployError } from '../../errors.ts'
import type { Context } from '../../session/context.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { changeEnv } from './change-env.ts'

/** Removes variables from the server's .env. */
export async function unsetEnv(context: Context, names: readonly string[]): Promise<Outcome> {
  return changeEnv(context, 'env unset', (text) => {
    const { values } = parseDotenv(text)
    const missing = names.filter((name) => values[name] === undefined)
    if (missing.length > 0) {
      throw deployError('USAGE', `the server's .env has no ${missing.join(' and no ')}`, 'see ai-deploy env list')
    }
    return editDotenv(text, Object.fromEntries(names.map((name) => [name, undefined])))
  })
}
