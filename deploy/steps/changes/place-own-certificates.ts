import { isoDay } from '../../../kit/time.ts'
import { run } from '../../host/host.ts'
import * as files from '../../remote/files.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'
import { orUploadFails } from '../or-fail.ts'

const OWNER_ONLY = { mode: '600' }

/** The file is there before the edge hears of it, and the edge follows without a restart. */
export const placeOwnCertificates: Definition<'place-own-certificates'> = {
  describe: ({ pem, names }) => [
    pem === null ? 'let the edge read your certificate' : `put your certificate for ${names.join(', ')} there`,
  ],
  explain: ({ validUntilS, isFirst, file }) => [
    `certs/${file}, with its key, readable by root only`,
    ...(validUntilS === undefined ? [] : [`it is valid until ${isoDay(validUntilS * 1000)} and does not renew itself`]),
    ...(isFirst ? ['no CA is asked for one any more, until a run with --no-cert'] : []),
  ],
  title: 'Put your certificate there',
  async run({ pem, file, config }, { host, layout }) {
    await orUploadFails(async () => {
      if (pem !== null) await putFile(host, `${layout.certs}/${file}`, pem, OWNER_ONLY)
      await putFile(host, layout.ownCertificates, config)
    })
    return `The edge reads certs/${file}`
  },
  undo: ({ pem, file }, { host, layout, facts }) => ({
    what: 'put the previous certificate back',
    async action() {
      const { ownCertificateConfig: before } = facts
      if (before !== null) await putFile(host, layout.ownCertificates, before)
      else await run(host, 'remove your certificate', files.removeTree(layout.ownCertificates))
      if (pem !== null) await run(host, 'remove your certificate', files.removeTree(`${layout.certs}/${file}`))
    },
  }),
}
