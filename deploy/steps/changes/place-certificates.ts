import { run } from '../../host/host.ts'
import * as backup from '../../remote/backup/backup.ts'
import * as docker from '../../remote/docker.ts'
import { EDGE_CONTAINER } from '../../server/layout.ts'
import type { Definition } from '../definition.ts'

export const placeCertificates: Definition<'place-certificates'> = {
  describe: () => ['put its certificates in place'],
  title: 'Put the certificates in place',
  async run({ source }, { host, layout }) {
    const command = backup.replaceCerts(source, layout.certs, layout.previousCerts)
    await run(host, 'put the certificates in place', command)
    return 'Put the certificates of the backup in place'
  },
  undo: (_change, { host, layout }) => ({
    what: 'put the certificates back',
    async action() {
      await run(host, 'put the certificates back', backup.putCertsBack(layout.certs, layout.previousCerts))
      // An edge that was recreated meanwhile has the folder open that was just removed.
      await host.exec(docker.restartIfReplaced(EDGE_CONTAINER, layout.certs, '/certs'))
    },
  }),
}
