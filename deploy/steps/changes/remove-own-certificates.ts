import { setTimeout as delay } from 'node:timers/promises'
import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import type { Definition } from '../definition.ts'

const IS_UNTRUSTED = 'clients see a certificate that they do not trust until the CA has issued one, usually for seconds'
/** Traefik follows a changed file within a fraction of this. */
const FOLLOW_MS = 1000

/** After the switch. The edge asks the CA for a certificate as soon as it has none for a name. */
export const removeOwnCertificates: Definition<'remove-own-certificates'> = {
  describe: ({ isConfigRemoved }) => [
    isConfigRemoved
      ? 'use a certificate of the CA again, instead of yours'
      : 'remove certificates of yours that nobody needs',
  ],
  explain: ({ files: removed }) => removed.map((file) => `remove certs/${file}, and its key`),
  downtime: ({ isConfigRemoved, hasNext }) => (isConfigRemoved && !hasNext ? IS_UNTRUSTED : undefined),
  title: 'Remove your earlier certificates',
  async run({ files: removed, isConfigRemoved }, { host, layout, signal }) {
    const paths = removed.map((file) => `${layout.certs}/${file}`)
    for (const path of [...(isConfigRemoved ? [layout.ownCertificates] : []), ...paths]) {
      await run(host, `remove ${path}`, files.removeTree(path))
    }
    // What comes next looks at what the edge shows.
    if (isConfigRemoved) await delay(FOLLOW_MS, undefined, { signal })
    return isConfigRemoved ? 'The edge does not read your certificate any more' : `Removed ${removed.join(', ')}`
  },
  undo: () => undefined,
  settles: 'before',
}
