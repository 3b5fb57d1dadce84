import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rig, RigServer } from '../../../scripts/rig/rig-file.ts'
import { copyToServer, domainOf, onServer } from './rig-server.ts'
import { plantSecret } from './secrets.ts'

/** Answers where the Python gateway would; a stream never ends by itself. */
const APP = `require('http').createServer((request, response) => {
  if (request.url === '/stream') { response.write('begun\\n'); return }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ status: 'ok', by: 'python' }))
}).listen(8123)
process.on('SIGTERM', () => process.exit())`

/** Its file, with another program in the place of its own: same names, ports, volumes, labels and settings of Traefik. */
const composeFile = (domain: string, caServer: string) => `services:
  traefik:
    image: traefik:v3.6
    container_name: ai-proxy-traefik
    restart: unless-stopped
    ports: ["80:80", "443:443", "127.0.0.1:8080:8080"]
    volumes: ["/var/run/docker.sock:/var/run/docker.sock:ro", "./traefik:/etc/traefik", "./certs:/certs"]
    environment:
      - TRAEFIK_ENTRYPOINTS_WEB_HTTP_REDIRECTIONS_ENTRYPOINT_TO=websecure
      - TRAEFIK_ENTRYPOINTS_WEB_HTTP_REDIRECTIONS_ENTRYPOINT_SCHEME=https
      - TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80
      - TRAEFIK_ENTRYPOINTS_WEBSECURE_ADDRESS=:443
      - TRAEFIK_PROVIDERS_DOCKER=true
      - TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT=false
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_EMAIL=admin@rig.test
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_STORAGE=/certs/acme.json
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_CASERVER=${caServer}
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_CACERTIFICATES=/etc/traefik/ca.pem
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_HTTPCHALLENGE=true
      - TRAEFIK_CERTIFICATESRESOLVERS_LETSENCRYPT_ACME_HTTPCHALLENGE_ENTRYPOINT=web
  ai-proxy:
    image: node:24-slim
    container_name: ai-proxy-app
    restart: unless-stopped
    user: "1000:1000"
    ports: ["127.0.0.1:8123:8123"]
    env_file: [.env]
    command: ["node", "/app/scripts/app.js"]
    volumes: ["./config.yml:/app/config.yml", "./logs:/app/logs", "./scripts:/app/scripts"]
    labels:
      - "traefik.enable=true"
      - "traefik.http.routers.ai-proxy.rule=Host(\`${domain}\`)"
      - "traefik.http.routers.ai-proxy.entrypoints=websecure"
      - "traefik.http.routers.ai-proxy.tls=true"
      - "traefik.http.routers.ai-proxy.tls.certresolver=letsencrypt"
      - "traefik.http.services.ai-proxy.loadbalancer.server.port=8123"
networks:
  default:
    name: ai-proxy-network
`

export const PREDECESSOR_KEY = 'sk-from-the-python-gateway'

/** What its deploy script leaves: everybody may read .env, and certs/ and logs/ belong to the user of the container. */
const LAY_OUT = `set -e
docker ps -aq | xargs -r docker rm -f >/dev/null
rm -rf /root/ai-proxy
mkdir -p /root/ai-proxy
cd /root/ai-proxy
tar -xf /root/predecessor.tar --no-same-owner
mkdir -p logs/db/2025/09 certs traefik bundles tmp backups
sqlite3 logs/db/2025/09/ai_proxy_20250907.sqlite3 'PRAGMA journal_mode=WAL; CREATE TABLE requests (a)' >/dev/null 2>&1 || : > logs/db/2025/09/ai_proxy_20250907.sqlite3
tar -czf backups/ai-proxy-backup-20250907-101112.tar.gz --exclude=backups --exclude='logs/*.log' .
chmod 644 .env
chown -R 1000:1000 logs certs traefik bundles tmp
chown -R 0:0 logs/db
if docker compose version >/dev/null 2>&1; then docker compose up -d; else docker-compose up -d; fi >/dev/null 2>&1`

/** Replaces what is on the server by a running server of the Python project, as its own script leaves it. */
export async function layOutPredecessor(rig: Rig, server: RigServer): Promise<void> {
  const { execa } = await import('execa')
  const folder = mkdtempSync(join(tmpdir(), 'ai-deploy-e2e-predecessor-'))
  const env = [
    ...[`DOMAIN=${domainOf(server)}`, `API_KEYS=${plantSecret(PREDECESSOR_KEY)}`, 'OPENROUTER_API_KEY=any'],
    ...[`OPENROUTER_BASE_URL=${rig.upstreamUrl}`, 'HOST_UID=1000', 'HOST_GID=1000', 'HTTP_PORT=80', 'HTTPS_PORT=443'],
    ...['ENVIRONMENT=production', 'WATCH_S=1', 'WARM_S=0', ''],
  ]
  const files = {
    'docker-compose.yml': composeFile(domainOf(server), server.acme.directoryUrl),
    'config.yml': 'model_mappings:\n  "of-the-python-gateway": "openrouter:openai/gpt-4o"\n',
    '.env': env.join('\n'),
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  await execa('mkdir', ['-p', join(folder, 'scripts'), join(folder, 'traefik')])
  writeFileSync(join(folder, 'scripts/app.js'), APP)
  await execa('cp', [server.acme.caCertPath, join(folder, 'traefik/ca.pem')])
  await execa('tar', ['-cf', join(folder, '../predecessor.tar'), '-C', folder, '.'])
  await copyToServer(rig, server, join(folder, '../predecessor.tar'), '/root/predecessor.tar')
  await onServer(rig, server, LAY_OUT)
}
