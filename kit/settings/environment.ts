import { join } from 'node:path'
import { readTextIfPresent } from '../files.ts'
import { configInvalid } from '../user-error.ts'
import { parseDotenv } from './dotenv.ts'

/** Texts by name, as in `process.env`; an empty text counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

export interface LoadOptions {
  cwd: string
  env: Environment
  /** False leaves ./.env alone. */
  dotenv: boolean
  /** Finds values that are not allowed, as "NAME: found ..., allowed: ...". Without it only the form of .env is checked. */
  problemsIn?: (values: Environment) => string[]
}

/**
 * ./.env under the real environment; an empty text in the real environment does not hide the file's value.
 * @throws UserError CONFIG_INVALID that lists every line and value that is wrong
 */
export function loadEnvironment({ cwd, env, dotenv, problemsIn = () => [] }: LoadOptions): Environment {
  const text = dotenv ? readTextIfPresent(join(cwd, '.env')) : undefined
  const fromFile = text === undefined ? {} : readEnvironment(text, '.env', problemsIn)
  const problems = problemsIn(env)
  if (problems.length > 0) throw configInvalid(problems.join('\n'), 'correct the environment of this process')
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '')
  return { ...fromFile, ...Object.fromEntries(set) }
}

/**
 * The values of a .env file.
 * @param file its name in messages
 * @throws UserError CONFIG_INVALID that lists every line and value that is wrong
 */
export function readEnvironment(
  text: string,
  file: string,
  problemsIn: (values: Environment) => string[],
): Record<string, string> {
  const { values, problems } = parseDotenv(text)
  const found = [
    ...problems.map(({ line, message }) => `${file} line ${line}: ${message}`),
    ...problemsIn(values).map((problem) => `${file} ${problem}`),
  ]
  if (found.length > 0) throw configInvalid(found.join('\n'), `correct ${file}; .env.example shows every variable`)
  return values
}
