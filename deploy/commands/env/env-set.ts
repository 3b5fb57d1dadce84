import { canAsk } from '../../../kit/cli/terminal.ts'
import { variable } from '../../../kit/gateway-config/variables.ts'
import { editDotenv } from '../../../kit/settings/dotenv.ts'
import { deployError } from '../../errors.ts'
import { isSecretName } from '../../plan/differences/mask.ts'
import type { Context } from '../../session/context.ts'
import { questionsOn } from '../../session/prompts.ts'
import type { Outcome } from '../../session/shown/report.ts'
import { changeEnv } from './change-env.ts'

/** Sets variables of the server's .env. Values of secrets are asked for or come from stdin, never from the command line. */
export async function setEnv(context: Context, words: readonly string[]): Promise<Outcome> {
  const wanted = words.map(readWord)
  const unnamed = wanted.filter(({ value }) => value === undefined)
  if (unnamed.length > 1 && !canAsk(context.terminal)) {
    throw deployError(
      'USAGE',
      'stdin can hold one value only',
      'name one variable at a time, or run in a terminal to be asked',
    )
  }
  const values: Record<string, string> = {}
  for (const { name, value } of wanted) values[name] = value ?? (await readValue(context, name))
  return changeEnv(context, 'env set', (text) => editDotenv(text, values))
}

interface Wanted {
  name: string
  /** Undefined if it is to be read. */
  value: string | undefined
}

/** @throws UserError USAGE, without what might be a secret */
function readWord(word: string): Wanted {
  const [, name = '', , value] = /^([A-Za-z_][A-Za-z0-9_]*)(=([\s\S]*))?$/.exec(word) ?? []
  if (name === '') throw deployError('USAGE', 'that is not NAME or NAME=VALUE', 'give a name like OPENAI_API_KEY')
  if (value !== undefined && isSecretName(name)) {
    const hint = `leave the value out to be asked for it, or pass it on stdin: ai-deploy env set ${name}`
    throw deployError('USAGE', `${name} is a secret, and others can read a command line`, hint)
  }
  if (variable(name) === undefined) {
    throw deployError('USAGE', `${name} is not a variable that anything here reads`, 'see docs/configuration.md')
  }
  return { name, value }
}

async function readValue({ terminal }: Context, name: string): Promise<string> {
  const questions = questionsOn(terminal)
  const message = `Value of ${name}:`
  const typed = isSecretName(name) ? await questions.secret(message) : await questions.text(message)
  const value = canAsk(terminal) ? typed : (await terminal.readIn()).toString('utf8').replace(/\r?\n$/, '')
  if (value) return value
  throw deployError('USAGE', `there is no value for ${name}`, `to remove it: ai-deploy env unset ${name}`)
}
