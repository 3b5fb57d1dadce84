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
    keyState('openrouter', 'OPENROUTER_API_KEY', settings.openrouter.apiKey),
    keyState('gemini', 'GEMINI_API_KEY', settings.gemini.apiKey),
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

function keyState(name: string, variable: string, key: string | undefined): string {
  return key ? name : `${name} (off: ${variable} is not set)`
}

/** Where a client on this machine finds what listens on host and port. */
export function localAddress(host: string, port: number): string {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
