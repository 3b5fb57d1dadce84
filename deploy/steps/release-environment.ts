import { decodeEnvironment } from '../../kit/gateway-config/env-file.ts'
import { gatewayVariables } from '../../kit/gateway-config/variables.ts'
import { splitList } from '../../kit/list.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import type { Environment } from '../../kit/settings/environment.ts'
import type { Host } from '../host/host.ts'
import type { GatewayAddress } from '../plan/address/gateway-address.ts'
import { releaseEnvironment } from '../remote/docker.ts'
import { containerName, releaseOf } from '../server/instance.ts'
import type { Server } from './definition.ts'

type Reader = Pick<Server, 'host' | 'layout'>

/** What the gateway of this instance reads: from its release's gateway.env, else from its container; null if both are lost. */
export async function environmentOf({ host, layout }: Reader, instance: string): Promise<Environment | null> {
  return environmentIn(host, `${layout.release(releaseOf(instance))}/gateway.env`, containerName(instance))
}

/** As `environmentOf`, from this file or this container. */
export async function environmentIn(host: Host, path: string, container: string): Promise<Environment | null> {
  const { exitCode, stdout } = await host.exec(releaseEnvironment(path, container))
  if (exitCode !== 0) return null
  const decoded = decodeEnvironment(parseDotenv(stdout).values)
  const names = gatewayVariables(Object.keys(decoded)).filter((name) => decoded[name] !== undefined)
  return Object.fromEntries(names.map((name) => [name, decoded[name]]))
}

/** The gateway with the key that this instance was started with, which may not be the one of today's .env. */
export async function withKeyOf(reader: Reader, gateway: GatewayAddress, instance: string): Promise<GatewayAddress> {
  const environment = await environmentOf(reader, instance)
  return environment === null ? gateway : { ...gateway, apiKey: splitList(environment['API_KEYS'])[0] ?? null }
}
