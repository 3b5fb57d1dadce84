import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  changedParts,
  contentDigest,
  fileHashes,
  imageName,
  makeRelease,
  type ReleaseContent,
  releaseId,
} from '../../../deploy/plan/release.ts'
import { contextHashes } from '../../../deploy/server/manifest.ts'
import { serverSettings } from '../../../templates/server-settings.ts'

const environment = { API_KEYS: 'a key', DOMAIN: 'llm.example.com', LOGDB_ENV: 'prod' }
const CONTENT: ReleaseContent = {
  context: { Dockerfile: 'one', 'kit/a.ts': 'two' },
  config: 'model_mappings: {}\n',
  environment,
  settings: serverSettings(environment, false),
}
const NOON = new Date('2026-11-23T12:00:00.999Z')
const LATER = new Date('2027-01-02T03:04:05Z')
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

const variants: Record<string, ReleaseContent> = {
  context: { ...CONTENT, context: { ...CONTENT.context, 'kit/a.ts': 'changed' } },
  'file more': { ...CONTENT, context: { ...CONTENT.context, 'kit/b.ts': 'new' } },
  config: { ...CONTENT, config: 'model_mappings: { a: b }\n' },
  environment: { ...CONTENT, environment: { ...environment, API_KEYS: 'another' } },
  uid: { ...CONTENT, settings: { ...CONTENT.settings, uid: 1001 } },
  drain: { ...CONTENT, settings: { ...CONTENT.settings, drainTimeoutS: 10 } },
  base: { ...CONTENT, settings: { ...CONTENT.settings, nodeImage: 'node:25' } },
}

test('ids are UTC and sort by time', () => {
  expect(releaseId(NOON)).toBe('20261123-120000')
  expect(releaseId(LATER)).toBe('20270102-030405')
})

test('the same content has the same digest, whatever id, time and order of files', () => {
  const digest = contentDigest(CONTENT)
  expect(makeRelease(CONTENT, NOON).manifest.content).toBe(digest)
  expect(makeRelease(CONTENT, LATER).manifest.content).toBe(digest)
  expect(contentDigest({ ...CONTENT, context: { 'kit/a.ts': 'two', Dockerfile: 'one' } })).toBe(digest)
})

test('every part of the content changes the digest, and what the gateway does not read does not', () => {
  const digests = [CONTENT, ...Object.values(variants)].map(contentDigest)
  expect(new Set(digests).size).toBe(digests.length)
  const other = { ...environment, LOGDB_ENV: 'test', UNKNOWN: '1' }
  expect(contentDigest({ ...CONTENT, environment: other })).toBe(contentDigest(CONTENT))
})

test('the image stands for the sources and the base image, and nothing else', () => {
  const image = imageName(CONTENT)
  expect(image).toMatch(/^ai-proxy:[0-9a-f]{12}$/)
  const others = Object.entries(variants).filter(([, content]) => imageName(content) !== image)
  expect(others.map(([name]) => name)).toEqual(['context', 'file more', 'base'])
})

test('a release names each of its files with its SHA-256', () => {
  const { manifest, files } = makeRelease(CONTENT, NOON)
  const written = Object.fromEntries(files.map(({ path, content }) => [path, content.toString()]))
  expect(Object.keys(written)).toEqual(['compose.yml', 'config.yml', 'gateway.env', 'manifest.json'])
  expect(JSON.parse(written['manifest.json'] ?? '')).toEqual(manifest)
  expect(manifest).toEqual({
    version: 1,
    id: '20261123-120000',
    createdAt: '2026-11-23T12:00:00.999Z',
    image: imageName(CONTENT),
    content: contentDigest(CONTENT),
    files: {
      'compose.yml': sha256(written['compose.yml'] ?? ''),
      'config.yml': sha256('model_mappings: {}\n'),
      'context/Dockerfile': 'one',
      'context/kit/a.ts': 'two',
      'gateway.env': sha256('API_KEYS_BASE64=YSBrZXk=\n'),
    },
  })
  expect(written['gateway.env']).toBe('API_KEYS_BASE64=YSBrZXk=\n')
  expect(written['compose.yml']).toContain('20261123-120000')
  expect(contextHashes(manifest)).toEqual(CONTENT.context)
  expect(fileHashes([{ path: 'a', content: Buffer.from('b') }])).toEqual({ a: sha256('b') })
})

test('what changed is said in words', () => {
  const before = makeRelease(CONTENT, NOON).manifest
  const said = Object.entries(variants).map(([name, content]) => [
    name,
    changedParts(before, makeRelease(content, LATER).manifest).join(', '),
  ])
  expect(Object.fromEntries(said)).toEqual({
    context: 'the gateway itself',
    'file more': 'the gateway itself',
    config: 'config.yml',
    environment: 'values of .env',
    uid: 'settings of the container',
    drain: 'settings of the container',
    base: 'settings of the container',
  })
  const less = { ...CONTENT, context: { Dockerfile: 'one' } }
  expect(changedParts(before, makeRelease(less, LATER).manifest)).toEqual(['the gateway itself'])
})

test('a release has a Logs UI with its keys only where .env wants one', () => {
  const wanted = {
    ...environment,
    LOGUI: 'true',
    LOGUI_API_KEYS: 'a viewer',
    LOGUI_HOST: '1.2.3.4',
    OPENAI_API_KEY: 'sk',
  }
  const { files, manifest } = makeRelease(
    { ...CONTENT, environment: wanted, settings: serverSettings(wanted, false) },
    NOON,
  )
  const variables = files.find(({ path }) => path === 'ui.env')?.content ?? ''
  expect(variables.split('\n').sort().filter(Boolean)).toEqual([
    'API_KEYS_BASE64=YSBrZXk=',
    'LOGDB_ENV=prod',
    'LOGUI_API_KEYS_BASE64=YSB2aWV3ZXI=',
  ])
  expect(Object.keys(manifest.files)).toContain('ui.yml')
  const without = makeRelease(CONTENT, NOON)
  expect(Object.keys(without.manifest.files)).not.toContain('ui.yml')
  expect(changedParts(without.manifest, manifest)).toContain('the Logs UI')
})
