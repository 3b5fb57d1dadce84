import { variable } from '../../../kit/gateway-config/variables.ts'
import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import type { Environment } from '../../../kit/settings/environment.ts'
import { deployError } from '../../errors.ts'
import { isSecretName, maskedLines } from '../../plan/differences/mask.ts'
import type { Context } from '../../session/context.ts'
import { type OpenServer, withServer } from '../../session/open-server.ts'
import { commandLine } from '../../session/shown/command-line.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { environmentOf } from '../../steps/release-environment.ts'

interface Row {
  name: string
  /** Null for a secret. */
  value: string | null
  /** What reads it. */
  read_by: 'gateway' | 'server' | 'logdb' | 'nothing'
  /** The live release was made with another value; a deploy takes this one. Null where no release has it. */
  is_in_effect: boolean | null
}

/** Shows the variables of the server's .env, without secrets. */
export async function listEnv(context: Context): Promise<Outcome> {
  return withServer(context, async (open) => {
    const { env } = open.facts
    if (env === null) throw deployError('USAGE', 'there is no .env on the server', 'deploy first, which makes it')
    const released = await releasedEnvironment(open)
    const rows = Object.entries(parseDotenv(env).values).map(([name, value]) => rowOf(name, value, released))
    const waiting = rows.filter((row) => row.is_in_effect === false).map(({ name }) => name)
    const note = `The live release has another value of ${waiting.join(', ')}: to take this one, run ${commandLine(context)}`
    return {
      result: { path: open.layout.env, variables: rows },
      lines: rows.map(({ name, value }) => `${name}=${value ?? '***'}`),
      notes: waiting.length > 0 && !context.options.isJson ? [note] : [],
    }
  })
}

async function releasedEnvironment({ connection, layout, facts }: OpenServer): Promise<Environment | null> {
  return facts.live === null ? null : environmentOf({ host: connection.host, layout }, facts.live)
}

function rowOf(name: string, value: string, released: Environment | null): Row {
  const isShown = !isSecretName(name) && maskedLines(`${name}=${value}`)[0] === `${name}=${value}`
  const scope = variable(name)?.scope
  return {
    name,
    value: isShown ? value : null,
    read_by: readBy(name, scope),
    is_in_effect: scope === 'gateway' && released !== null ? (released[name] ?? '') === value : null,
  }
}

/** HTTP_PORT is that of the edge. */
function readBy(name: string, scope: string | undefined): Row['read_by'] {
  if (name === 'HTTP_PORT') return 'server'
  return scope === 'gateway' || scope === 'server' || scope === 'logdb' ? scope : 'nothing'
}
