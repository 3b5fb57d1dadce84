import { type Environment, type LoadOptions, loadEnvironment, readEnvironment } from '../settings/environment.ts'
import { decodeEnvironment } from './env-file.ts'
import { FORMATS, shownValue } from './formats.ts'
import { type ValueRule, variable } from './variables.ts'

/** Problems with the variables we know, as "NAME: found ..., allowed: ..."; a secret's value is never shown. */
export function environmentProblems(environment: Environment): string[] {
  const ruled = Object.entries(environment).flatMap(([name, value]) => {
    const { rule, secret } = variable(name) ?? {}
    return value && rule ? [{ name, value, rule, secret }] : []
  })
  return ruled.flatMap(({ name, value, rule, secret }) => {
    if (follows(rule, value)) return []
    const format = 'format' in rule ? rule.format : undefined
    const found = secret ? 'a value that cannot be used' : shownValue(format, value)
    return [`${name}: found ${found}, allowed: ${rule.allowed}`]
  })
}

function follows(rule: ValueRule, value: string): boolean {
  return 'format' in rule ? FORMATS[rule.format](value) : new RegExp(rule.pattern, 'u').test(value)
}

/**
 * The values of a .env file, each checked.
 * @param file its name in messages
 * @throws UserError CONFIG_INVALID that lists every line and value that is wrong
 */
export function readCheckedEnvironment(text: string, file: string): Record<string, string> {
  return readEnvironment(text, file, environmentProblems)
}

/**
 * ./.env under the real environment, each value checked.
 * @throws UserError CONFIG_INVALID that lists every line and value that is wrong
 */
export function loadCheckedEnvironment({ cwd, env, dotenv }: Omit<LoadOptions, 'problemsIn'>): Environment {
  return loadEnvironment({ cwd, env: decodeEnvironment(env), dotenv, problemsIn: environmentProblems })
}
