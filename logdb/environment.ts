import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDotenv } from '../kit/dotenv.ts'
import type { Environment } from '../kit/gateway-config/environment.ts'
import { configInvalid, errorMessage, hasErrorCode } from '../kit/user-error.ts'

/**
 * ./.env under the real environment, in which an empty text does not hide the file's value. What only the gateway reads
 * is not checked: loading what checks it would take longer than most commands. @throws UserError CONFIG_INVALID
 */
export function loadEnvironment({
  cwd,
  env,
  dotenv,
}: {
  cwd: string
  env: Environment
  /** False leaves ./.env alone. */
  dotenv: boolean
}): Environment {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value !== '')
  return { ...(dotenv ? readDotenv(join(cwd, '.env')) : {}), ...Object.fromEntries(set) }
}

function readDotenv(path: string): Record<string, string> {
  const { values, problems } = parseDotenv(readIfPresent(path))
  if (problems.length === 0) return values
  const found = problems.map(({ line, message }) => `.env line ${line}: ${message}`)
  throw configInvalid(found.join('\n'), 'correct .env; .env.example shows every variable')
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT')) return ''
    throw configInvalid(`cannot read ${path}: ${errorMessage(error)}`, 'check that it is a readable file')
  }
}
