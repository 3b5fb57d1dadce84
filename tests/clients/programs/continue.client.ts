import { expect, test } from 'vitest'
import { clientFolder } from '../../helpers/clients/client-folder.ts'
import { blockOf } from '../../helpers/clients/docs-page.ts'
import { startForClients } from '../../helpers/clients/gateway-for-clients.ts'
import { describeInstalled, fromNpm } from '../../helpers/clients/packages.ts'

const cn = fromNpm('@continuedev/cli', '1.5.47')

describeInstalled(cn)('Continue', () => {
  test('answers with the settings of the page, and calls a tool', async () => {
    const gateway = await startForClients()
    const { run } = clientFolder(cn.program('cn'), {
      '.continue/config.yaml': blockOf(gateway.blocks, 'Continue', 'yaml'),
    })
    const { result, requests, records } = await gateway.exchangesOf(async () => [
      await run(blockOf(gateway.blocks, 'Continue', 'sh')),
      await run(`cn -p --auto 'Run \`printf %s-%s six seven\`'`),
    ])
    expect(result).toEqual([`${gateway.words}\n`, `${gateway.words}\n`])
    expect(requests.at(-1)?.body).toContain('six-seven')
    expect(records.map(({ endpoint, outcome }) => `${endpoint} ${outcome}`)).toEqual(Array(3).fill('/v1/responses ok'))
  })
})
