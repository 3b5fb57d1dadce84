import { basename } from 'node:path'
import { expect } from 'vitest'
import { e2eRig } from '../helpers/rig/rig-server.ts'
import { expectSecretsHidden } from '../helpers/rig/secret-watch.ts'
import { LANES } from './lanes.ts'

/** Watches the servers that a file uses, from its start to its end. */
const file = basename(expect.getState().testPath ?? '')
const lane = Object.entries(LANES).find(([, files]) => (files as readonly string[]).includes(file))?.[0]
const rig = e2eRig()
expectSecretsHidden(
  rig,
  rig.servers.filter(({ name }) => lane === 'both' || lane === name),
)
