import { run } from '../../host/host.ts'
import { releaseId } from '../../plan/release.ts'
import { mendStores } from '../../remote/acme-stores.ts'
import type { StoreFault } from '../../server/certificates/certificate-store.ts'
import type { Definition } from '../definition.ts'

/** The edge reads its certificates again afterwards. */
export const mendCertificates: Definition<'mend-certificates'> = {
  describe: () => ['repair the certificate store, which the edge cannot use'],
  explain: ({ faults }) => faults.map(describeFault),
  title: 'Repair the certificate store',
  async run({ faults }, { host, layout, now }) {
    const broken = faults.filter(({ kind }) => kind === 'content').map(({ file }) => file)
    const id = releaseId(now)
    await run(host, 'repair the certificate store', mendStores(layout.certs, id, broken))
    const aside = broken.map((file) => `; certs/${file} is certs/${file}.broken-${id} now`)
    return `The edge can use ${layout.certs} again${aside.join('')}`
  },
  undo: () => undefined,
}

function describeFault({ file, kind }: StoreFault): string {
  const path = file === '.' ? 'certs' : `certs/${file}`
  switch (kind) {
    case 'mode':
      return `${path} can be read by others, so Traefik refuses it: its mode becomes 0600`
    case 'owner':
      return `${path} does not belong to root: its owner changes`
    case 'content':
      return `${path} is not valid JSON, so Traefik refuses it: it gets another name, and the edge asks for a new certificate`
  }
}
