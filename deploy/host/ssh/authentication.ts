import type { AnyAuthMethod, AuthHandlerMiddleware, ParsedKey } from 'ssh2'
import { agentKeys, ChosenKeys, publicKeyOf } from './agent.ts'
import { type KeyFile, openKey } from './private-key.ts'
import type { SshQuestions } from './questions.ts'
import type { SshOptions } from './ssh-options.ts'

// `false` ends the attempts; the published types do not know it.
const NO_MORE_ATTEMPTS = false as unknown as AnyAuthMethod

const PASSPHRASE_TRIES = 3

/**
 * The keys that the configuration names come first, from the agent where it has them: a server lets only a few be tried.
 * A passphrase is asked for only when all that needs none was refused.
 */
export function authentication(options: SshOptions, files: KeyFile[], questions: SshQuestions): AuthHandlerMiddleware {
  const attempts = authAttempts(options, files, questions)
  return (_methodsLeft, _partialSuccess, next) => {
    attempts.next().then(
      ({ value }) => next(value ?? NO_MORE_ATTEMPTS),
      () => next(NO_MORE_ATTEMPTS),
    )
  }
}

async function* authAttempts(
  { user: username, agent, identitiesOnly }: SshOptions,
  files: KeyFile[],
  questions: SshQuestions,
): AsyncGenerator<AnyAuthMethod, undefined> {
  const inAgent = agent === null ? [] : await agentKeys(agent)
  const fromAgent = (keys: ParsedKey[]): AnyAuthMethod[] =>
    agent === null || keys.length === 0 ? [] : [{ type: 'agent', username, agent: new ChosenKeys(agent, keys) }]
  const isNamed = (key: ParsedKey) => files.some(({ publicKey }) => publicKey === publicKeyOf(key))
  yield* fromAgent(inAgent.filter(isNamed))
  const held = new Set(inAgent.map(publicKeyOf))
  const others = files.filter(({ publicKey, isPublicOnly }) => !isPublicOnly && !held.has(publicKey ?? ''))
  for (const file of others.filter(({ isEncrypted }) => !isEncrypted)) {
    const key = openKey(file)
    if (key !== null) yield { type: 'publickey', username, key }
  }
  if (!identitiesOnly) yield* fromAgent(inAgent.filter((key) => !isNamed(key)))
  for (const file of others.filter(({ isEncrypted }) => isEncrypted)) {
    const key = await unlock(file, questions)
    if (key !== null) yield { type: 'publickey', username, key }
  }
}

/** Null if the passphrase is not known. */
async function unlock(file: KeyFile, questions: SshQuestions): Promise<ParsedKey | null> {
  for (let attempt = 1; attempt <= PASSPHRASE_TRIES; attempt++) {
    const passphrase = await questions.passphrase(file.path, attempt > 1)
    if (passphrase === null) return null
    const key = openKey(file, passphrase)
    if (key !== null) return key
  }
  return null
}
