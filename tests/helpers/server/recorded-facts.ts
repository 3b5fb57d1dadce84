import type { Change, Kind } from '../../../deploy/plan/change.ts'
import type { Wishes } from '../../../deploy/plan/situation.ts'
import type { Facts } from '../../../deploy/server/facts.ts'
import { containerName } from '../../../deploy/server/instance.ts'
import { parseFacts } from '../../../deploy/server/read-facts.ts'
import { renderState } from '../../../deploy/server/state.ts'
import { renderRoute } from '../../../templates/route.ts'

/** What the script prints on servers, as it was recorded there; files are added below. */
export const CLEAN_DEBIAN = `os=debian
os_like=
arch=x86_64
folder=/root/ai-proxy
watched=5d41402a
clock=1795442400
docker_disk=/dev/vda1        41152736  1853444  37176608       5% /
folder_disk=/dev/vda1        41152736  1853444  37176608       5% /
listener=22 sshd
listener=22 sshd
listener=53 systemd-resolve
interface=203.0.113.7
interface=2001:db8::7
`

export const DEBIAN_12_DOCKER = `${CLEAN_DEBIAN}docker=20.10.24+dfsg1
compose_plugin=
compose_program=1.29.2
`

export const UBUNTU_WITH_OLD_PROXY = `os=ubuntu
os_like=debian
arch=aarch64
folder=/root/ai-proxy
watched=5d41402a
clock=1795442400
docker=28.2.2
compose_plugin=2.37.1
docker_disk=/dev/sda1        81106868 20971520  60118964      26% /
folder_disk=/dev/sda1        81106868 20971520  60118964      26% /
listener=22 sshd
listener=80 nginx
listener=443 nginx
interface=10.0.0.5
backup=1048576 1795000000 ai-proxy-backup-20261118-090640.tar.gz
`

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** One file of the server, as the script prints it. */
export const file = (name: string, content: string) => `${name}=${base64(content)}\n`

/** A file in certs/ with certificates for these domains, as the script prints it. */
export function store(name: string, domains: readonly string[], mode = '600', owner = '0'): string {
  const certificates = domains.map((main) => ({ domain: { main }, certificate: '', key: '', Store: 'default' }))
  const content = { letsencrypt: { Account: { Email: '', PrivateKey: '' }, Certificates: certificates } }
  return `store=${name} ${mode} ${owner} 0\n${file(`store_${name}`, JSON.stringify(content))}`
}

/** The facts of a server on which this plan for a new release was carried out. */
export function afterDeploy(before: string, plan: Change[], { settings, env, logdbScript }: Wishes): Facts {
  const { release } = changeOf(plan, 'upload-release')
  const { files } = plan.find((change) => change.kind === 'take-ports') ?? changeOf(plan, 'start-edge')
  if (files === null) throw new Error('the plan writes no files of the edge')
  const { id, image, createdAt } = release.manifest
  const live = { release: id, instance: id }
  const container = `container=${containerName(id)} running ${id} unless-stopped\n`
  return parseFacts(
    before +
      file('env', env.text) +
      file('state', renderState({ version: 1, live, previous: null, updatedAt: createdAt })) +
      file('route', renderRoute({ domain: settings.domain, live: id }, 8123)) +
      file('edge_compose.yml', files.compose) +
      file('edge_traefik.yml', files.traefik) +
      (files.acmeCa === null ? '' : file('edge_acme-ca.pem', files.acmeCa)) +
      file('scripts_logdb', logdbScript) +
      file(`manifest_${id}`, JSON.stringify(release.manifest)) +
      `${container}edge=running\nedge_redirect=possible\nedge_folder=/root/ai-proxy\ncurrent=releases/${id}\nreserve=1048576\nimage=${image.split(':')[1]}\n` +
      store(settings.acme.storage, [settings.domain]),
  )
}

/** The change of this kind in a plan that has one. */
export function changeOf<K extends Kind>(plan: Change[], kind: K): Change<K> {
  const found = plan.find((change) => change.kind === kind)
  if (found === undefined) throw new Error(`the plan has no ${kind}`)
  return found as Change<K>
}
