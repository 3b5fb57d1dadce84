import { loadCheckedEnvironment } from '../../../../kit/gateway-config/checked-environment.ts'
import { readLocalFiles } from '../../../local/local-files.ts'
import type { Context } from '../../../session/context.ts'
import { type Check, judged } from '../../../session/shown/check-rows.ts'

/** What a deploy reads on this machine. */
export function localChecks({ options, terminal }: Context): Check[] {
  const { cwd, readsDotenv } = options
  return [
    judged('local .env', readsDotenv ? './.env is valid, or there is none' : './.env is not read (--no-dotenv)', () =>
      loadCheckedEnvironment({ cwd, env: terminal.env, dotenv: readsDotenv }),
    ),
    judged('config.yml', 'config.yml is valid', () => readLocalFiles(cwd, options.env['CONFIG_PATH'])),
  ]
}
