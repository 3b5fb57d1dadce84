import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { questionsOn } from '../../../deploy/session/prompts.ts'
import { testWith } from '../../helpers/needs.ts'
import { compiledPackage } from '../../helpers/process/compiled-package.ts'
import { output } from '../../helpers/process/programs.ts'
import { testTerminal } from '../../helpers/process/test-terminal.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const IN_TERMINAL = fileURLToPath(import.meta.resolve('../../helpers/process/in-terminal.py'))
const COLUMNS = '80'
const ENTER = '\r'
const SPACE = ' '
const DOWN = '\u001b[B'
const CTRL_C = '\u0003'

const CONFIG = 'model_mappings: { gpt: "openai:gpt-5" }\n'

/** Asks for the keys of a first deploy in a real terminal. @returns what was answered, shown, and the error's code */
function firstKeys(answers: [shown: string, typed: string][]) {
  const result = join(tempFolder(), 'result')
  const script = `
    import { writeFileSync } from 'node:fs'
    import { parseConfigFile } from './dist/kit/gateway-config/config-file.js'
    import { providerChoices } from './dist/deploy/plan/provider-choices.js'
    import { questionsOn } from './dist/deploy/session/prompts.js'
    const choices = providerChoices(parseConfigFile(${JSON.stringify(CONFIG)}, 'config.yml'))
    const answered = await questionsOn({ isInTty: true, isErrTty: true }).firstKeys(choices).catch(({ code }) => code)
    writeFileSync(${JSON.stringify(result)}, JSON.stringify(answered))`
  const node = [process.execPath, '--input-type=module', '-e', script]
  const shown = output(
    'env',
    '-C',
    compiledPackage(),
    'TERM=xterm',
    'python3',
    IN_TERMINAL,
    COLUMNS,
    JSON.stringify(answers),
    ...node,
  )
  return { ...JSON.parse(shown), answered: JSON.parse(readFileSync(result, 'utf8')) }
}

const WHICH = 'Which providers do you use?'

testWith('python3')('a first deploy asks for the key of each provider that is used, then for API_KEYS', () => {
  const { answered, shown } = firstKeys([
    [WHICH, ENTER],
    ['Key for OpenAI', `sk-openai${ENTER}`],
    ['Keys for your own apps', ENTER],
  ])
  expect(answered).toEqual({ OPENAI_API_KEY: 'sk-openai' })
  for (const title of ['OpenRouter', 'Google Gemini', 'OpenAI', 'Anthropic']) expect(shown).toContain(title)
  expect(shown).not.toContain('Key for OpenRouter')
  expect(shown).not.toContain('sk-openai')
})

testWith('python3')('other providers can be chosen, and a key may be left empty', () => {
  const { answered } = firstKeys([
    [WHICH, `${SPACE}${DOWN}${DOWN}${SPACE}${ENTER}`], // OpenRouter, and not OpenAI
    ['Key for OpenRouter', ENTER],
    ['Keys for your own apps', `mine${ENTER}`],
  ])
  expect(answered).toEqual({ API_KEYS: 'mine' })
})

testWith('python3')('Ctrl-C at a question is an interrupt', () => {
  expect(firstKeys([[WHICH, CTRL_C]]).answered).toBe('INTERRUPTED')
})

test('without a terminal each answer is "no"', async () => {
  const questions = questionsOn(testTerminal())
  expect(await questions.confirm('?')).toBe(false)
  expect(await questions.acceptHostKey('host', 'ssh-ed25519', 'SHA256:x', 'ssh-keygen -lf FILE')).toBe(false)
  expect(await questions.passphrase('key', false)).toBeNull()
  expect(await questions.sudoPassword('me', 'host', false)).toBeNull()
  expect(await questions.firstKeys([])).toEqual({})
})
