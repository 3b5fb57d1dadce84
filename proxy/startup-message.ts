import { ECHO } from './routing.ts'
import type { GatewaySettings } from './settings.ts'

/** What a person who starts the gateway wants to know, with a line to paste. No key is ever shown. */
export function startupMessage(
  settings: GatewaySettings,
  address: string,
  logPath: string,
  configPath: string,
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
      keys.length > 0 ? name : `${name} (off: ${keyVariable} is not set)`,
    ),
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

/** Where a client on this machine finds what listens on host and port. */
export function localAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
