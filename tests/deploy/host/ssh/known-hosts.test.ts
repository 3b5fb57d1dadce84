import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  findKnownHosts,
  fingerprint,
  judgeHostKey,
  knownHostName,
  readHostKey,
} from '../../../../deploy/host/ssh/known-hosts.ts'
import { testWith } from '../../../helpers/needs.ts'
import { output } from '../../../helpers/process/programs.ts'
import { tempFolder } from '../../../helpers/temp-folder.ts'

/** Two real keys; what matters is only that they differ. */
const ONE = {
  type: 'ssh-ed25519',
  base64: 'AAAAC3NzaC1lZDI1NTE5AAAAIIyUAGWGICLQFEEGkTIjvZzmpTBAB2HWs6FwFVF2Mvtk',
}
const TWO = {
  type: 'ssh-ed25519',
  base64: 'AAAAC3NzaC1lZDI1NTE5AAAAIC9xt1nEHmvFZ9+VKzeE0C3BlmtFTZ3jTqFcPl5Hk6dT',
}
const key = ({ type, base64 }: typeof ONE) => `${type} ${base64}`

const FILE = `# a comment
plain,192.0.2.1 ${key(ONE)} a comment of the key
[ported]:2222 ${key(ONE)}
*.example.com,!bad.example.com ${key(TWO)}
[*.example.org]:2? ${key(ONE)}
  indented\t${key(TWO)}
@revoked plain ${key(TWO)}
@cert-authority *.example.net ${key(ONE)}
#disabled ${key(ONE)}
broken
`

test('names are found plain, with a port, with wildcards, and not where negated', () => {
  const found = (name: string) => findKnownHosts(FILE, name)
  const one = { ...ONE, isRevoked: false }
  const two = { ...TWO, isRevoked: false }
  expect(found('plain')).toEqual([one, { ...TWO, isRevoked: true }])
  expect(found('192.0.2.1')).toEqual([one])
  expect(found('[ported]:2222')).toEqual([one])
  expect(found('ported')).toEqual([])
  expect(found('www.example.com')).toEqual([two])
  expect(found('bad.example.com')).toEqual([])
  expect(found('[a.example.org]:22')).toEqual([one])
  expect(found('[a.example.org]:2222')).toEqual([])
  expect(found('indented')).toEqual([two])
  expect(found('a.example.net')).toEqual([])
  expect(found('disabled')).toEqual([])
})

testWith('ssh-keygen')('finds what ssh-keygen finds, also when names are hashed', () => {
  const names = ['plain', '192.0.2.1', '192.0.2.11', 'ported', '[ported]:2222', '[ported]:2223', 'www.example.com']
  names.push(
    'example.com',
    'bad.example.com',
    '[a.example.org]:22',
    '[a.example.org]:2222',
    'indented',
    'disabled',
    'x',
  )
  // ssh-keygen hashes no file that has a broken line.
  const path = join(tempFolder({ known_hosts: FILE.replace('broken\n', '') }), 'known_hosts')
  const agree = () => {
    const text = readFileSync(path, 'utf8')
    for (const name of names) {
      const { stdout } = spawnSync('ssh-keygen', ['-F', name, '-f', path], { encoding: 'utf8' })
      const theirs = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
      expect([name, findKnownHosts(text, name).map(key)]).toEqual([
        name,
        theirs.map((line) => /ssh-ed25519 \S+/.exec(line)?.[0]),
      ])
    }
  }
  agree()
  output('ssh-keygen', '-H', '-f', path)
  expect(readFileSync(path, 'utf8')).toContain('|1|')
  expect(readFileSync(path, 'utf8')).not.toContain('192.0.2.1')
  agree()
})

test('a key is known, unknown, or not the one that was recorded', () => {
  const recorded = findKnownHosts(FILE, '192.0.2.1')
  expect(judgeHostKey(recorded, ONE)).toBe('known')
  expect(judgeHostKey(recorded, TWO)).toBe('changed')
  expect(judgeHostKey([], ONE)).toBe('unknown')
})

test('a revoked key is refused, even where it is recorded too', () => {
  const recorded = findKnownHosts(FILE, 'plain')
  expect(judgeHostKey(recorded, ONE)).toBe('known')
  expect(judgeHostKey(recorded, TWO)).toBe('changed')
  expect(judgeHostKey([...recorded, { ...TWO, isRevoked: false }], TWO)).toBe('changed')
  const onlyRevoked = recorded.filter(({ isRevoked }) => isRevoked)
  expect(judgeHostKey(onlyRevoked, ONE)).toBe('unknown')
})

test('the port is part of the name unless it is 22', () => {
  expect(knownHostName('a.b', 22)).toBe('a.b')
  expect(knownHostName('a.b', 2222)).toBe('[a.b]:2222')
  expect(knownHostName('::1', 2222)).toBe('[::1]:2222')
})

testWith('ssh-keygen')('fingerprints and types are those that ssh-keygen shows', () => {
  const folder = tempFolder()
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const path = join(folder, type)
    output('ssh-keygen', '-q', '-t', type, ...(type === 'rsa' ? ['-b', '1024'] : []), '-N', '', '-f', path)
    const [name, base64 = ''] = readFileSync(`${path}.pub`, 'utf8').split(' ')
    const hostKey = readHostKey(Buffer.from(base64, 'base64'))
    expect(hostKey).toEqual({ type: name, base64 })
    expect(output('ssh-keygen', '-lf', `${path}.pub`).split(' ')[1]).toBe(fingerprint(hostKey))
  }
})

testWith('ssh-keygen')('a hash of another name does not match', () => {
  const path = join(tempFolder(), 'known_hosts')
  writeFileSync(path, `host ${key(ONE)}\n`)
  output('ssh-keygen', '-H', '-f', path)
  expect(findKnownHosts(readFileSync(path, 'utf8'), 'host')).toHaveLength(1)
  expect(findKnownHosts(readFileSync(path, 'utf8'), 'hosts')).toEqual([])
  expect(findKnownHosts('|1|broken ssh-ed25519 AAAA', 'broken')).toEqual([])
})
