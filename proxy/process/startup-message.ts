import type { LoadedConfig } from '../../kit/gateway-config/load.ts'
import { splitList } from '../../kit/list.ts'
import { ECHO } from '../../kit/providers.ts'
import type { GatewaySettings } from '../settings.ts'

/** The facts that a user who starts the gateway needs, with a command to paste. It never shows a key. */
export function startupMessage(
  settings: GatewaySettings,
  address: string,
  logPath: string,
  { config, configPath }: LoadedConfig,
): string {
  const withKey = settings.apiKeys.length > 0
  const body = JSON.stringify({ model: ECHO, messages: [{ role: 'user', content: 'Hello, gateway!' }] })
  const curl = [
    `curl ${address}/v1/chat/completions`,
    ...(withKey ? ['-H "Authorization: Bearer $API_KEY"'] : []),
    `-H 'Content-Type: application/json'`,
    `-d '${body}'`,
  ].join(' ')
  const providers = [
    'echo (built in)',
    ...Object.entries(settings.providers).map(([name, { keys, keyVariable }]) =>
      describeProvider(name, keyVariable, keys.length > 0),
    ),
    ...Object.entries(config.providers).map(([name, { keyVariable, keyRequired }]) => {
      const hasKey = splitList(settings.environment[keyVariable]).length > 0
      return describeProvider(name, keyVariable, hasKey || !keyRequired)
    }),
  ]
  return [
    `The gateway listens on ${address}`,
    '',
    `  Providers  ${providers.join(', ')}`,
    `  Keys       ${withKey ? `${settings.apiKeys.length} in API_KEYS` : 'none needed (API_KEYS is empty)'}`,
    `  Models     ${configPath}`,
    `  Log        ${logPath}`,
    '',
    'Try it:',
    '',
    `  ${curl}`,
    '',
  ].join('\n')
}

function describeProvider(name: string, keyVariable: string, isOn: boolean): string {
  return isOn ? name : `${name} (off: ${keyVariable} is not set)`
}

/** The URL for clients on this machine of a server that listens on host and port. */
export function localAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
