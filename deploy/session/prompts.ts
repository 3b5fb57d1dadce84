import { canAsk, type Terminal } from '../../kit/cli/terminal.ts'
import { deployError } from '../errors.ts'
import type { ProviderChoice } from '../plan/provider-choices.ts'
import type { ConnectQuestions } from '../server/connect.ts'

/** Every question that the tool asks. Without a terminal each answer is "no". */
export interface Questions extends ConnectQuestions {
  confirm(message: string): Promise<boolean>
  /** The same with "no" as what Enter means. */
  confirmNot(message: string): Promise<boolean>
  /** A line that is not shown while it is typed; null without a terminal. */
  secret(message: string): Promise<string | null>
  /** A line of text; empty without a terminal. */
  text(message: string): Promise<string>
  /** Asks which providers are used, and for the keys of a first deploy. @returns variables of .env */
  firstKeys(choices: ProviderChoice[]): Promise<Record<string, string>>
}

/** Loaded only for the first question, since most runs ask none. Stdout is for results. */
async function loadPrompt() {
  const { default: inquirer } = await import('inquirer')
  return inquirer.createPromptModule({ output: process.stderr })
}

export function questionsOn(terminal: Terminal): Questions {
  const confirm = async (message: string, isYesByDefault: boolean) => {
    if (!canAsk(terminal)) return false
    const question = { type: 'confirm', name: 'answer', message, default: isYesByDefault } as const
    const prompt = await loadPrompt()
    return (await answered(prompt<{ answer: boolean }>([question]))).answer
  }
  const secret = async (message: string): Promise<string | null> => {
    if (!canAsk(terminal)) return null
    const question = { type: 'password', name: 'answer', message, mask: '*' } as const
    const prompt = await loadPrompt()
    return (await answered(prompt<{ answer: string }>([question]))).answer
  }
  return {
    canAsk: canAsk(terminal),
    confirm: (message) => confirm(message, true),
    confirmNot: (message) => confirm(message, false),
    secret,
    acceptHostKey: (host, type, fingerprint, command) => {
      const shown = `The host key of ${host} is not known yet: ${type} ${fingerprint}`
      return confirm(`${shown} (on the server ${command} shows it). Trust it?`, false)
    },
    passphrase: (keyFile, isRetry) => secret(again(`Passphrase of ${keyFile}:`, isRetry)),
    sudoPassword: (user, host, isRetry) => secret(again(`Password of ${user} on ${host}, for sudo:`, isRetry)),
    text: async (message) => {
      if (!canAsk(terminal)) return ''
      const question = { type: 'input', name: 'answer', message } as const
      const prompt = await loadPrompt()
      return (await answered(prompt<{ answer: string }>([question]))).answer.trim()
    },
    firstKeys: async (choices) => (canAsk(terminal) ? askForKeys(choices, secret) : {}),
  }
}

function again(message: string, isRetry: boolean): string {
  return isRetry ? `That was not right. ${message}` : message
}

async function askForKeys(
  choices: ProviderChoice[],
  secret: (message: string) => Promise<string | null>,
): Promise<Record<string, string>> {
  const keyQuestions = (await chooseProviders(choices)).map(({ title, keyVariable }) => ({
    name: keyVariable,
    message: `Key for ${title} (empty for none):`,
  }))
  const ownKeys = { name: 'API_KEYS', message: 'Keys for your own apps, comma-separated (empty to have one made):' }
  const answers: Record<string, string> = {}
  for (const { name, message } of [...keyQuestions, ownKeys]) {
    const answer = await secret(message)
    if (answer) answers[name] = answer
  }
  return answers
}

async function chooseProviders(choices: ProviderChoice[]): Promise<ProviderChoice[]> {
  const question = {
    type: 'checkbox',
    name: 'answer',
    message: 'Which providers do you use? (config.yml maps models to those that are checked)',
    choices: choices.map((choice) => ({ name: choice.title, value: choice, checked: choice.isMapped })),
    default: [],
    pageSize: choices.length,
  } as const
  const prompt = await loadPrompt()
  return (await answered(prompt<{ answer: ProviderChoice[] }>([question]))).answer
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
