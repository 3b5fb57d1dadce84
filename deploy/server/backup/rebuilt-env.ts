import { decodeEnvironment } from '../../../kit/gateway-config/env-file.ts'
import { editDotenv, parseDotenv } from '../../../kit/settings/dotenv.ts'
import { settingsInUse } from '../../../templates/settings-in-use.ts'

/** Files of a backup that were made of a .env; null where one is missing. */
export interface FilesOfEnv {
  gatewayEnv: string | null
  route: string | null
  releaseCompose: string | null
}

/** Text of a .env that a backup lacks since the server had lost it, as far as other files in the backup say what was in it. */
export function rebuiltEnv({ gatewayEnv, route, releaseCompose }: FilesOfEnv): string {
  const ofGateway = decodeEnvironment(parseDotenv(gatewayEnv ?? '').values)
  const ofServer = settingsInUse({ route, releaseCompose, edgeCompose: null, traefikConfig: null })
  const known = Object.entries(ofGateway).flatMap(([name, value]) => (value && !isEncoded(name) ? [[name, value]] : []))
  return editDotenv('', { ...Object.fromEntries(known), ...ofServer })
}

function isEncoded(name: string): boolean {
  return name.endsWith('_BASE64')
}
