import { expect, test } from 'vitest'
import { isPublicIPv4, publicAddress } from '../../../deploy/server/public-address.ts'

const NOTHING = { given: null, dialled: null, connection: null, interfaces: [] }
const noLookup = () => Promise.reject(new Error('nothing is looked up'))

test('addresses that cannot be reached from outside are not public', () => {
  const cut = (list: string) => list.split(' ')
  const inside =
    '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.1.1 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 255.255.255.255'
  expect(cut(inside).filter(isPublicIPv4)).toEqual([])
  const outside =
    '1.1.1.1 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 172.15.255.255 172.32.0.0 192.0.1.1 198.20.0.1 223.255.255.255'
  expect(cut(outside).filter((address) => !isPublicIPv4(address))).toEqual([])
  expect(['', 'server', '2606:4700::1111', '1.1.1', '1.1.1.1.1'].filter(isPublicIPv4)).toEqual([])
})

test('what the user gives wins over everything else', async () => {
  const sources = { given: '10.0.0.1', dialled: '1.1.1.1', connection: '1.0.0.1', interfaces: ['9.9.9.9'] }
  expect(await publicAddress(sources, noLookup)).toBe('10.0.0.1')
})

test('else the address that was dialled, the server’s end of the connection, an interface', async () => {
  const sources = { ...NOTHING, dialled: '1.1.1.1', connection: '1.0.0.1', interfaces: ['fe80::1', '9.9.9.9'] }
  expect(await publicAddress(sources, noLookup)).toBe('1.1.1.1')
  expect(await publicAddress({ ...sources, dialled: '192.168.0.1' }, noLookup)).toBe('1.0.0.1')
  expect(await publicAddress({ ...sources, dialled: null, connection: '10.0.0.1' }, noLookup)).toBe('9.9.9.9')
  expect(await publicAddress({ ...NOTHING, interfaces: ['10.0.0.1', '2606:4700::1'] }, noLookup)).toBeNull()
})

test('a name that was dialled is looked up', async () => {
  const lookup = async (name: string) => (name === 'server.example.com' ? ['10.0.0.1', '1.1.1.1'] : [])
  expect(await publicAddress({ ...NOTHING, dialled: 'server.example.com' }, lookup)).toBe('1.1.1.1')
  expect(await publicAddress({ ...NOTHING, dialled: 'alias', connection: '1.0.0.1' }, lookup)).toBe('1.0.0.1')
})
