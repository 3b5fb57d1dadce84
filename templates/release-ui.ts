import type { ServerSettings } from './server-settings.ts'
import { renderYaml } from './yaml.ts'

export interface UiComposeInput {
  /** Release that it belongs to. */
  id: string
  image: string
  network: string
  /** Of the UI in its container. */
  port: number
  settings: ServerSettings
}

/** Containers of the Logs UI; their names are the same in every release. */
export const UI_CONTAINER = 'ai-proxy-ui'
export const FOLLOWER_CONTAINER = 'ai-proxy-logs'

const CPU_SHARES = 256
const LOGDB = ['node', '/app/dist/logdb/cli.js', '--no-dotenv']
/** The UI prints a link that logs in an admin. Nobody opens it here, and what a container prints is stored, and may be sent on. */
const WITHOUT_LINK = ['sh', '-c', 'exec "$$0" "$$@" >/dev/null']

/**
 * The Compose file of a release's Logs UI: what shows the log database, and what keeps it up to date. The UI itself can
 * write to no table of it, and sees no log.
 */
export function renderUiCompose({ id, image, network, port, settings }: UiComposeInput): string {
  const common = {
    image,
    restart: 'unless-stopped',
    init: true,
    user: `${settings.uid}:${settings.gid}`,
    env_file: ['ui.env'],
    read_only: true,
    tmpfs: ['/tmp'],
    // The gateway, which has 1024, goes first.
    cpu_shares: CPU_SHARES,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    logging: { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } },
    labels: { 'ai-deploy.ui': id },
    // That of the image asks a gateway.
    healthcheck: { disable: true },
  }
  return renderYaml({
    services: {
      ui: {
        ...common,
        container_name: UI_CONTAINER,
        command: [...WITHOUT_LINK, ...LOGDB, 'ui', '--out', '/app/logs/db', '--port', String(port), '--no-open'],
        environment: { LOGUI_HOST: '0.0.0.0' },
        volumes: ['../../logs/db:/app/logs/db', '../../logs/ui:/app/logs/ui'],
        networks: { edge: { aliases: [UI_CONTAINER] } },
      },
      logs: {
        ...common,
        container_name: FOLLOWER_CONTAINER,
        command: [...LOGDB, 'ingest', '--follow', '--quiet', '--from', '/app/logs', '--out', '/app/logs/db'],
        volumes: ['../../logs:/app/logs'],
        network_mode: 'none',
      },
    },
    networks: { edge: { external: true, name: network } },
  })
}
