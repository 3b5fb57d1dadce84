import { decodeEnvironment } from '../../kit/gateway-config/env-file.ts'
import { parseDotenv } from '../../kit/settings/dotenv.ts'
import { firstKey, type GatewayAddress } from '../plan/gateway-address.ts'
import { releaseOf } from '../server/instance.ts'
import type { Server } from './definition.ts'

/** The gateway with the key that this instance was started with, which may not be the one of today's .env. */
export async function withKeyOf(
  { host, layout }: Pick<Server, 'host' | 'layout'>,
  gateway: GatewayAddress,
  instance: string,
): Promise<GatewayAddress> {
  const { exitCode, stdout } = await host.exec(['cat', `${layout.release(releaseOf(instance))}/gateway.env`])
  if (exitCode !== 0) return gateway
  const environment = decodeEnvironment(parseDotenv(stdout).values)
  return { ...gateway, apiKey: firstKey(environment['API_KEYS'] ?? '') }
}
