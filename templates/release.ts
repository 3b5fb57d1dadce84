import type { ServerSettings } from './server-settings.ts'
import { renderYaml } from './yaml.ts'

export interface ReleaseComposeInput {
  id: string
  /** ISO time. */
  deployedAt: string
  image: string
  network: string
  port: number
  settings: ServerSettings
}

/** How much longer than the gateway's own limit for running answers Docker waits before it kills. */
const GRACE_BEYOND_DRAIN_S = 30

/** Seconds from SIGTERM to SIGKILL. */
function stopGraceS({ drainTimeoutS }: ServerSettings): number {
  return drainTimeoutS + GRACE_BEYOND_DRAIN_S
}

/** The Compose file of one release. INSTANCE, when set, names a further run of the same release. */
export function renderReleaseCompose({ id, deployedAt, image, network, port, settings }: ReleaseComposeInput): string {
  const instance = `\${INSTANCE:-${id}}`
  return renderYaml({
    services: {
      gateway: {
        image,
        container_name: `ai-proxy-${instance}`,
        // Only the release that took over is started again after a reboot: deploy sets that when it switches.
        restart: 'no',
        init: true,
        user: `${settings.uid}:${settings.gid}`,
        env_file: ['gateway.env'],
        environment: {
          HOST: '0.0.0.0',
          PORT: String(port),
          LOG_DIR: '/app/logs',
          CONFIG_PATH: '/app/config.yml',
          RELEASE_ID: instance,
          DEPLOYED_AT: deployedAt,
        },
        volumes: ['./config.yml:/app/config.yml:ro', '../../logs:/app/logs'],
        networks: { edge: { aliases: [`ai-proxy-${instance}`] } },
        read_only: true,
        tmpfs: ['/tmp'],
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: `${stopGraceS(settings)}s`,
        logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
        labels: { 'ai-deploy.release': id },
      },
    },
    networks: { edge: { external: true, name: network } },
  })
}
