import type { AnyAuthMethod, AuthHandlerMiddleware } from 'ssh2'
import type { PrivateKey } from './private-key.ts'
import type { SshQuestions } from './questions.ts'
import type { SshOptions } from './ssh-options.ts'

// `false` ends the attempts; the published types do not know it.
const NO_MORE_ATTEMPTS = false as unknown as AnyAuthMethod

/** The agent first, then key files; a passphrase is asked for only when all that needs none was refused. */
export function authentication(
  options: SshOptions,
  keys: PrivateKey[],
  questions: SshQuestions,
): AuthHandlerMiddleware {
  const attempts = authAttempts(options, keys, questions)
  return (_methodsLeft, _partialSuccess, next) => {
    attempts.next().then(
      ({ value }) => next(value ?? NO_MORE_ATTEMPTS),
      () => next(NO_MORE_ATTEMPTS),
    )
  }
}

async function* authAttempts(
  { user: username, agent, identitiesOnly }: SshOptions,
  keys: PrivateKey[],
  questions: SshQuestions,
): AsyncGenerator<AnyAuthMethod, undefined> {
  if (agent && !identitiesOnly) yield { type: 'agent', username, agent }
  for (const { content, isEncrypted } of keys) if (!isEncrypted) yield { type: 'publickey', username, key: content }
  if (agent && identitiesOnly) yield { type: 'agent', username, agent }
  for (const { path, content, isEncrypted } of keys) {
    const passphrase = isEncrypted ? await questions.passphrase(path) : null
    if (passphrase !== null) yield { type: 'publickey', username, key: content, passphrase }
  }
}
