import { run } from '../../host/host.ts'
import { INSTALL_DOCKER } from '../../remote/docker-installation.ts'
import { parseDocker } from '../../server/read-facts.ts'
import { composeOf } from '../compose.ts'
import type { Definition } from '../definition.ts'
import { orFail } from '../or-fail.ts'

const SENTENCES = { Docker: 'install Docker', engine: 'start Docker', Compose: 'install Docker Compose' }

/** Not undone: what was installed harms nothing, and the next run needs it. */
export const installDocker: Definition<'install-docker'> = {
  describe: ({ missing }) => [SENTENCES[missing]],
  cost: () => 'about a minute to install Docker',
  title: 'Install Docker',
  async run(_change, server, report) {
    const { host, signal } = server
    const output = await orFail('INSTALL_FAILED', 'look at what apt-get printed on the server, then run again', () =>
      run(host, 'install Docker', INSTALL_DOCKER, { signal, onLine: report }),
    )
    const facts = { ...server.facts, docker: parseDocker(output) }
    const { version } = composeOf(facts)
    return { done: `Installed Docker ${facts.docker?.engine} and Compose ${version}`, facts }
  },
  undo: () => undefined,
}
