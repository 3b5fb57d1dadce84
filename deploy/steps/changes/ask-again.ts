import { renderAskAgain } from '../../../templates/route.ts'
import { putFile } from '../../server/transfer.ts'
import type { Definition } from '../definition.ts'

/** Traefik asks for a missing certificate when a file of its routes changes; it need not be restarted for that. */
export const askAgain: Definition<'ask-again'> = {
  describe: () => [],
  title: 'Ask for the certificate again',
  async run(_change, { host, layout, now }) {
    await putFile(host, layout.askAgain, renderAskAgain(now))
    return 'The edge asks for the certificate again'
  },
  undo: () => undefined,
}
