import { describe, expect, test } from 'vitest'
import { makePlan } from '../../../deploy/plan/make-plan.ts'
import { contentDigest } from '../../../deploy/plan/release.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import { describe as sentences } from '../../../deploy/steps/changes/all.ts'
import { DAMAGES } from '../../helpers/rig/damage.ts'
import { readRecording, SOUND } from '../../helpers/server/recorded-files.ts'
import { envOf, wishesOf } from '../../helpers/server/wishes.ts'

const plan = (facts: Facts) => makePlan(facts, wishesOf()).flatMap(sentences)

const FIRST_DEPLOY = [
  'install Docker',
  'take over your .env: API_KEYS, OPENROUTER_API_KEY, GEMINI_API_KEY, DOMAIN',
  'put scripts/logdb there',
  expect.stringMatching(/^build the image ai-proxy:\w{12} on the server$/),
  'start the edge (ports 80 and 443)',
  'start release 20261123-101112',
  'watch release 20261123-101112 for 20 seconds; there is no release to go back to',
  'get a certificate for llm.example.com',
]

/** The plan of a run that wants what the server had before it was damaged. */
function repair(facts: Facts, sound: Facts): string[] {
  const rebuiltFrom = facts.env === null ? (facts.live ?? '') : null
  const env = envOf(sound.env, { defaultDomain: null, rebuiltFrom })
  const { acmeCa } = sound.edge
  const wishes = wishesOf({ env, acmeCa, logdbScript: sound.logdbScript ?? '', now: new Date('2027-01-01T00:00:00Z') })
  const { contextHashes: context, config, settings } = wishes
  const content = contentDigest({ context, config, environment: env.values, settings })
  const manifests = facts.manifests.map((manifest) => ({ ...manifest, content }))
  return makePlan({ ...facts, manifests }, wishes).flatMap(sentences)
}

describe.each(['bookworm', 'trixie'])('%s, as it was recorded', (server) => {
  test.each(['clean', 'clean with sudo'])('%s: a first deploy', (what) => {
    expect(plan(readRecording(server, what))).toEqual(FIRST_DEPLOY)
  })

  test('too little space, or a port that is in use, is refused', () => {
    expect(() => plan(readRecording(server, 'small disk'))).toThrow('900 MiB, needed 2048 MiB')
    expect(() => plan(readRecording(server, 'port 80 in use'))).toThrow('port 80 of the server is taken by perl')
  })

  test('nothing is to do where nothing has changed', () => {
    const sound = readRecording(server, SOUND)
    expect(repair(sound, sound)).toEqual([])
  })

  test('what a deploy that was cut off left is taken back', () => {
    expect(repair(readRecording(server, 'a deploy that was cut off'), readRecording(server, SOUND))).toEqual([
      expect.stringMatching(/^answer for ai-proxy\.[\d.]+\.nip\.io$/),
      expect.stringMatching(/^stop ai-proxy-[\d-]+, which a run that was cut off left behind$/),
    ])
  })
})

describe('trixie, as it was recorded, is repaired', () => {
  const sound = readRecording('trixie', SOUND)
  test.each(DAMAGES)('$what', ({ what, says }) => {
    expect(repair(readRecording('trixie', what), sound).join('\n')).toContain(says)
  })
})

describe('systems that no test runs on, as their documentation has them', () => {
  test('Ubuntu 24.04: a first deploy', () => {
    expect(plan(readRecording('documented', 'ubuntu-24.04'))).toEqual(FIRST_DEPLOY)
  })

  test('Rocky 9: Docker must be there', () => {
    const rocky = readRecording('documented', 'rocky-9')
    expect(() => plan(rocky)).toThrow('Docker is missing and rocky is neither Debian nor Ubuntu')
    const docker = { engine: '28.2.2', compose: { argv: ['docker', 'compose'], version: '2.37.1' } } as const
    expect(plan({ ...rocky, docker })).toEqual(FIRST_DEPLOY.slice(1))
  })
})
