import inquirer from 'inquirer'
import { deployError } from '../errors.ts'
import type { Questions } from '../server/connect.ts'
import type { Io } from './io.ts'

/** Every question that the tool asks. Without a terminal each answer is "no". */
export function terminalQuestions(io: Io): Questions & {
  confirm(message: string): Promise<boolean>
  firstKeys(): Promise<Record<string, string>>
} {
  const confirm = async (message: string, byDefault: boolean) => {
    if (!io.isTty) return false
    const question = { type: 'confirm', name: 'answer', message, default: byDefault } as const
    return (await answered(inquirer.prompt<{ answer: boolean }>([question]))).answer
  }
  const secret = async (message: string): Promise<string | null> => {
    if (!io.isTty) return null
    const question = { type: 'password', name: 'answer', message, mask: '*' } as const
    return (await answered(inquirer.prompt<{ answer: string }>([question]))).answer
  }
  return {
    confirm: (message) => confirm(message, true),
    acceptHostKey: (host, type, fingerprint) => {
      return confirm(`${host} is new. Its ${type} key is ${fingerprint}. Is that right?`, false)
    },
    passphrase: (keyFile) => secret(`Passphrase of ${keyFile}:`),
    sudoPassword: (user, host) => secret(`Password of ${user} on ${host}, for sudo:`),
    async firstKeys() {
      const answers: Record<string, string> = {}
      for (const [name, message] of [
        ['OPENROUTER_API_KEY', 'Key for OpenRouter (empty for none):'],
        ['GEMINI_API_KEY', 'Key for Gemini (empty for none):'],
        ['API_KEYS', 'Keys for your own apps, comma-separated (empty to have one made):'],
      ] as const) {
        const answer = await secret(message)
        if (answer) answers[name] = answer
      }
      return answers
    },
  }
}

/** Ctrl-C at a question. */
async function answered<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ExitPromptError') throw error
    throw deployError('INTERRUPTED', 'interrupted at a question; nothing was changed', 'run again', error)
  }
}
