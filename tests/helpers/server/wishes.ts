import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { planServerEnv, type ServerEnv } from '../../../deploy/plan/server-env.ts'
import type { Wishes } from '../../../deploy/plan/situation.ts'
import { packageRoot } from '../../../kit/package-root.ts'
import { serverSettings } from '../../../templates/server-settings.ts'

export const ENV = 'API_KEYS=a-key\nOPENROUTER_API_KEY=or\nGEMINI_API_KEY=g\nDOMAIN=llm.example.com\n'
const NEEDED_KEYS = ['OPENROUTER_API_KEY', 'GEMINI_API_KEY']
export function envOf(server: string | null, more: Partial<Parameters<typeof planServerEnv>[0]> = {}): ServerEnv {
  return planServerEnv({
    server,
    local: null,
    answers: {},
    overrides: {},
    defaultDomain: 'x.nip.io',
    neededKeys: NEEDED_KEYS,
    ...more,
  })
}

export interface Wanted extends Partial<Omit<Wishes, 'settings' | 'env'>> {
  env?: ServerEnv
}

/** What a deploy from a clone wants. */
export function wishesOf({ env = envOf(null, { local: ENV }), acmeCa = null, ...more }: Wanted = {}): Wishes {
  return {
    settings: serverSettings(env.values, acmeCa !== null),
    env,
    contextHashes: { Dockerfile: 'hash of Dockerfile', 'kit/a.ts': 'hash of a' },
    context: { kind: 'local' },
    config: 'model_mappings: {}\n',
    traefikBase: readFileSync(join(packageRoot(), 'traefik/traefik.yml'), 'utf8'),
    logdbScript: '#!/bin/sh\n',
    routineScript: '#!/bin/sh\n# routine\n',
    acmeCa,
    outside: { resolve: {}, extraCa: null },
    now: new Date('2026-11-23T10:11:12Z'),
    ...more,
  }
}
