import { expect, test } from 'vitest'
import { maskedLines } from '../../../../deploy/plan/differences/mask.ts'

test('values of headers and queries of addresses are secret, whatever their names are', () => {
  const text = `providers:
  mine:
    base_url: "https://me:pass@llm.example.com/v1?sig=abcdef&x=1"
    headers:
      X-Auth: hunter2
      Cookie: session=abc
    timeout_s: 10
  other: { headers: { Helicone-Auth: "Bearer hel" } }`
  expect(maskedLines(text)).toEqual([
    'providers:',
    '  mine:',
    '    base_url: "https://***@llm.example.com/v1?***"',
    '    headers:',
    '      ***',
    '      ***',
    '    timeout_s: 10',
    '  other: { headers: ***',
  ])
})
