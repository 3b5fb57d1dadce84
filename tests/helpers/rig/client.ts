import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import OpenAI from 'openai'
import { Agent, fetch } from 'undici'
import type { RigServer } from '../../../scripts/rig/rig-file.ts'
import { domainOf } from './rig-server.ts'

/** Connects to the server for every host name, and trusts its CA. DNS and a public CA do the same elsewhere. */
export function agentFor(server: RigServer, options: Agent.Options = {}): Agent {
  return new Agent({
    ...options,
    connect: {
      ca: [...rootCertificates, readFileSync(server.acme.rootsPath, 'utf8')],
      lookup: (_name, { all }, callback) => {
        if (all) callback(null, [{ address: server.ip, family: 4 }])
        else callback(null, server.ip, 4)
      },
    },
  })
}

/** The official client. It talks to the gateway over HTTPS and checks the certificate. */
export function openAiClient(server: RigServer, apiKey: string): OpenAI {
  const dispatcher = agentFor(server)
  return new OpenAI({
    apiKey,
    baseURL: `https://${domainOf(server)}/v1`,
    maxRetries: 0,
    fetch: ((url: string, init: object) => fetch(url, { ...init, dispatcher })) as unknown as typeof globalThis.fetch,
  })
}
