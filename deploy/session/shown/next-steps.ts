import { quoteArgv } from '../../host/argv.ts'
import { type GatewayAddress, gatewayUrl } from '../../plan/address/gateway-address.ts'
import type { Change } from '../../plan/change.ts'
import type { Context } from '../context.ts'
import type { OpenServer } from '../open-server.ts'
import { commandLine } from './command-line.ts'

interface Deployed {
  changes: readonly Change[]
  gateway: GatewayAddress
  /** A key was made, which is shown above. */
  hasNewKey: boolean
}

const BODY = '{"model":"echo","messages":[{"role":"user","content":"Hello"}]}'
const ROOT = 'root'

/** What works there after a deploy, each line as it must be typed. */
export function nextSteps(context: Context, open: OpenServer, { changes, gateway, hasNewKey }: Deployed): string[] {
  const { facts, layout } = open
  const command = commandLine(context)
  const hasPrevious = facts.live !== null && changes.some(({ kind }) => kind === 'upload-release')
  const hasBackup = facts.backups.length > 0 || changes.some(({ kind }) => kind === 'back-up')
  return [
    'Next:',
    hasNewKey
      ? '  paste the line API_KEY=... above into your shell'
      : `  API_KEY=...    with a key of ${layout.env} on the server`,
    `  ${quoteArgv(curl(context, gateway))} -H "Authorization: Bearer $API_KEY"`,
    `  ${logSearch(context, open)}`,
    ...(hasPrevious ? [`  ${command} --rollback        switches back to the previous release`] : []),
    ...(hasBackup ? [`  ${command} --list-backups    shows the backups that --restore-backup can restore`] : []),
  ]
}

function curl({ options: { caFile, resolve } }: Context, gateway: GatewayAddress): string[] {
  const address = resolve[gateway.domain]
  return [
    'curl',
    ...(caFile === null ? [] : ['--cacert', caFile]),
    ...(address === undefined ? [] : ['--resolve', `${gateway.domain}:${gateway.httpsPort}:${address}`]),
    `${gatewayUrl(gateway)}/v1/chat/completions`,
    ...['-H', 'Content-Type: application/json', '-d', BODY],
  ]
}

function logSearch(
  { options: { host, sshConfig, identity, sshCommand = 'ssh' } }: Context,
  { connection, layout }: OpenServer,
): string {
  const isRoot = connection.user === ROOT
  const logdb = isRoot ? './scripts/logdb' : 'sudo ./scripts/logdb'
  const there = `cd ${quoteArgv([layout.folder])} && ${logdb} ingest && ${logdb} search Hello`
  // Only SSH connections have an address of the server.
  if (connection.serverAddress === null) return there
  const options = [
    ...(sshConfig ? ['-F', sshConfig] : []),
    ...(identity ? ['-i', identity] : []),
    ...(isRoot ? [] : ['-t']),
  ]
  return quoteArgv([sshCommand, ...options, host, there])
}
