import { expect, test } from 'vitest'
import { textDiff } from '../../../../deploy/plan/differences/text-diff.ts'

test('shows the lines that differ, with a line around them', () => {
  const before = 'a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\n'
  const after = 'a: 1\nb: 3\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\n'
  const lines = ['   a: 1', '  -b: 2', '  +b: 3', '   c: 3', '  …', '   f: 6', '  +g: 7']
  expect(textDiff('config.yml', before, after)).toEqual(['config.yml:', ...lines])
})

test('says nothing about equal texts', () => {
  expect(textDiff('config.yml', 'a\n', 'a\n')).toEqual([])
})

test('masks what may be secret, although a changed secret still shows', () => {
  const before = 'api_key: one\nheaders: { Authorization: "Bearer x1" }\nmodels: [sk-or-v1-0123456789]\n'
  const after = before.replace('one', 'two').replace('x1', 'x2').replace('0123456789', '9876543210')
  const shown = textDiff('config.yml', before, after).join('\n')
  expect(shown).not.toMatch(/one|two|x1|x2|0123456789|9876543210/)
  expect(shown).toContain('-api_key: ***\n')
  expect(shown).toContain('+api_key: ***\n')
})

test('cuts a long difference', () => {
  const after = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('')
  const shown = textDiff('scripts/logdb', '', after)
  expect(shown).toHaveLength(42)
  expect(shown.at(-1)).toBe('  … and 60 more lines')
})

test('masks what stands below a secret setting, and passwords in addresses', () => {
  const text = (value: string) => `providers:
  mine:
    base_url: https://user:${value}@host/v1
    headers:
      authorization: >-
        Bearer ${value}
    api_keys:
    - ${value}
    timeout: 1
`
  const lines = textDiff('config.yml', text('one'), text('two'))
  expect(lines.join('\n')).not.toMatch(/one|two/)
  expect(lines).toContain('  -    base_url: https://***@host/v1')
  expect(lines).toContain('  +        ***')
  expect(lines).toContain('       timeout: 1')
})
