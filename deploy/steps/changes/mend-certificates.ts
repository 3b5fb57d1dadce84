import { basename } from 'node:path'
import { type Host, run } from '../../host/host.ts'
import { releaseId } from '../../plan/release.ts'
import { mendStores, storeInBackup, takeStore } from '../../remote/certificates/acme-stores.ts'
import { readCertificateStores, type StoreFault } from '../../server/certificates/certificate-store.ts'
import { readPairs } from '../../server/pairs.ts'
import type { Definition } from '../definition.ts'

/** The edge reads its certificates again afterwards. */
export const mendCertificates: Definition<'mend-certificates'> = {
  describe: () => ['repair the certificate store, which the edge cannot use'],
  explain: ({ faults, backups }) => faults.map((fault) => describeFault(fault, backups.length > 0)),
  title: 'Repair the certificate store',
  async run({ faults, domain, backups }, { host, layout, facts, now }) {
    const broken = faults.filter(({ kind }) => kind === 'content').map(({ file }) => file)
    const id = releaseId(now)
    const pathOf = (name: string) => `${layout.backups}/${name}`
    await run(host, 'repair the certificate store', mendStores(layout.certs, id, broken))
    const aside: string[] = []
    for (const file of broken) {
      const found = await findStore(host, file, { domain, clockS: facts.clockS, archives: backups.map(pathOf) })
      if (found !== undefined) await run(host, 'take the certificate of a backup', takeStore(found, layout.certs, file))
      const from = found === undefined ? '' : `, and the one of ${basename(found)} has taken its place`
      aside.push(`; certs/${file} is certs/${file}.broken-${id} now${from}`)
    }
    return `The edge can use ${layout.certs} again${aside.join('')}`
  },
  undo: () => undefined,
}

const ASKED = 'the edge asks for a new certificate'
const FROM_BACKUP = `the newest backup with a valid certificate replaces it; if none has one, ${ASKED}`

interface Search {
  domain: string
  clockS: number
  /** Paths on the server, newest first. */
  archives: readonly string[]
}

/** The first of the archives whose store has a valid certificate for the name. */
async function findStore(host: Host, file: string, { domain, clockS, archives }: Search): Promise<string | undefined> {
  for (const archive of archives) {
    const { stdout } = await host.exec(storeInBackup(archive, file))
    const { certificates } = readCertificateStores(readPairs(stdout))
    const isGood = certificates.some((one) => one.domain === domain && (one.validUntilS ?? 0) > clockS)
    if (isGood) return archive
  }
  return undefined
}

function describeFault({ file, kind }: StoreFault, hasBackups: boolean): string {
  const path = file === '.' ? 'certs' : `certs/${file}`
  switch (kind) {
    case 'mode':
      if (file.startsWith('own-')) return `${path} can be read by others: its mode becomes 0600`
      return `${path} can be read by others, so Traefik refuses it: its mode becomes 0600`
    case 'owner':
      return `${path} does not belong to root: its owner changes`
    case 'content':
      return `${path} is not valid JSON, so Traefik refuses it: it gets another name, and ${hasBackups ? FROM_BACKUP : ASKED}`
  }
}
