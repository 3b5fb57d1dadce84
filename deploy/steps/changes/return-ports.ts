import { run } from '../../host/host.ts'
import { givePortsBack } from '../../remote/certificates/free-ports.ts'
import type { Definition } from '../definition.ts'

export const returnPorts: Definition<'return-ports'> = {
  describe: ({ programs }) => [`start again what a run that was cut off has stopped: ${programs.join(', ')}`],
  title: 'Start what was stopped',
  async run({ programs }, { host, layout }) {
    await run(host, `start ${programs.join(', ')}`, givePortsBack(layout.folder))
    return `Started ${programs.join(', ')}`
  },
  undo: () => undefined,
}
