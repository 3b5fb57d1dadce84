import { expect, test } from 'vitest'
import { type DomainFacts, restoredDomain } from '../../../../deploy/plan/backup/restored-domain.ts'

const HERE = 'ai-proxy.192.0.2.1.nip.io'
const THERE = 'ai-proxy.203.0.113.7.nip.io'
const choose = (more: Partial<DomainFacts>) =>
  restoredDomain({ inBackup: THERE, onServer: undefined, ownDefault: HERE, madeAt: null, isKept: false, ...more })

test('a server keeps the name that it has, and says so', () => {
  expect(choose({ onServer: 'llm.example.com' })).toEqual({
    domain: 'llm.example.com',
    note: `this server keeps its own DOMAIN, llm.example.com; --keep-domain takes the backup's, ${THERE}`,
  })
  expect(choose({ onServer: THERE.toUpperCase() })).toEqual({})
})

test('a clean server at another address gets a name of its own', () => {
  const own = { domain: HERE, note: expect.stringContaining(`keeps its own DOMAIN, ${HERE}`) }
  expect(choose({})).toEqual(own)
  expect(choose({ inBackup: 'llm.example.com', madeAt: THERE })).toEqual(own)
})

test('a clean server at the same address gets its name back', () => {
  expect(choose({ inBackup: 'llm.example.com', madeAt: HERE })).toEqual({})
  expect(choose({ inBackup: HERE })).toEqual({})
  expect(choose({ inBackup: 'llm.example.com' })).toEqual({})
})

test('the user may take the name of the backup', () => {
  expect(choose({ onServer: 'llm.example.com', isKept: true })).toEqual({})
})

test('a server whose address is not known gets the name of the backup, and that is said', () => {
  expect(choose({ ownDefault: null })).toEqual({
    note: expect.stringContaining('the address of this server is not known'),
  })
})
