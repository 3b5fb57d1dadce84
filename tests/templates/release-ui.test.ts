import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { renderUiCompose } from '../../templates/release-ui.ts'
import { renderUiRoute } from '../../templates/route.ts'
import { serverSettings } from '../../templates/server-settings.ts'

const settings = serverSettings({ LOGUI: 'true', HOST_UID: '1001' }, false)
const text = renderUiCompose({ id: 'ID', image: 'ai-proxy:1', network: 'ai-proxy-edge', port: 8124, settings })

test('the UI sees the log database and not the logs, and only its sibling has no network', () => {
  const { ui, logs } = parse(text).services
  expect([ui.container_name, logs.container_name]).toEqual(['ai-proxy-ui', 'ai-proxy-logs'])
  expect(ui.volumes).toEqual(['../../logs/db:/app/logs/db', '../../logs/ui:/app/logs/ui'])
  expect([ui.networks, logs.network_mode]).toEqual([{ edge: { aliases: ['ai-proxy-ui'] } }, 'none'])
  for (const one of [ui, logs]) {
    expect(one).toMatchObject({ read_only: true, user: '1001:1000', cap_drop: ['ALL'], env_file: ['ui.env'] })
    expect(one).toMatchObject({ labels: { 'ai-deploy.ui': 'ID' }, restart: 'unless-stopped', cpu_shares: 256 })
  }
})

test('the link that logs in does not come into the log of the container, but what went wrong does', () => {
  const { command } = parse(text).services.ui
  const [program, ...args] = command.map((one: string) => one.replaceAll('$$', '$'))
  const node = args.indexOf('node')
  const prints = ['node', '-e', 'console.log("the link"); console.error(process.argv.slice(1).join(" "))', '--']
  const all = [...args.slice(0, node), ...prints, ...args.slice(node + 2)]
  const { stdout, stderr } = spawnSync(program, all, { encoding: 'utf8' })
  expect([stdout, stderr]).toEqual(['', '--no-dotenv ui --out /app/logs/db --port 8124 --no-open\n'])
})

test('only what is below /ui of each name leads to it, also while the edge is replaced', () => {
  const { routers, services, middlewares } = parse(renderUiRoute(['a.example.com', 'b.example.com'], 8124)).http
  expect(routers.ui).toMatchObject({
    rule: '(Host(`a.example.com`) || Host(`b.example.com`)) && (Path(`/ui`) || PathPrefix(`/ui/`))',
    priority: 950,
    tls: {},
  })
  // A request that comes while one UI takes the place of another waits for the next one.
  expect(routers.ui.middlewares.map((name: string) => middlewares[name])).toEqual([
    { retry: { attempts: 12, initialInterval: '500ms' } },
  ])
  expect(services.ui.loadBalancer.servers).toEqual([{ url: 'http://ai-proxy-ui:8124' }])
})
