import { expect, test } from 'vitest'
import { maskEnv } from '../../../../deploy/plan/differences/masked-env.ts'

const TEXT = `# my keys
API_KEYS="a,
b"
export OPENAI_API_KEY=sk-1 # mine
WATCH_S=20
#OLD_API_KEY=sk-old-secret
`

test('no secret is in the text, and what is left as it is comes back byte for byte', () => {
  const { text, restore } = maskEnv(TEXT)
  expect(text).toContain('\nAPI_KEYS=***\nOPENAI_API_KEY=***\nWATCH_S=20\n')
  for (const secret of ['a,', 'sk-1', 'sk-old']) expect(text).not.toContain(secret)
  expect(restore(text)).toBe(TEXT)
})

test('other lines may change, move and go; a new value takes the place of a masked one', () => {
  const { restore } = maskEnv(TEXT)
  expect(restore('OPENAI_API_KEY=sk-2\nWATCH_S=1\nAPI_KEYS=***\n')).toBe(
    'OPENAI_API_KEY=sk-2\nWATCH_S=1\nAPI_KEYS="a,\nb"\n',
  )
})

test.each(['API_KEYS=x***\n', 'OTHER_API_KEY=***\n', 'API_KEYS=***\nAPI_KEYS=***\n'])(
  '%j has no value to restore',
  (edited) => {
    expect(maskEnv(TEXT).restore(edited)).toBeUndefined()
  },
)
