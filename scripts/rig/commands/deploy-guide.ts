import type { Rig, RigServer } from '../rig-file.ts'

/** What to type next: for each server the command that deploys to it, and the one that checks the gateway's health. */
export function deployGuide(rig: Rig): string {
  const variables = [`OPENROUTER_BASE_URL=${rig.upstreamUrl}`, 'OPENROUTER_API_KEY=any']
  const upstream = `To use the mock upstream, put these lines into .env before the first deploy:\n  ${variables.join('\n  ')}`
  return [...rig.servers.map((server) => serverGuide(rig, server)), upstream].join('\n\n')
}

function serverGuide({ sshConfigPath }: Rig, { name, host, ip, acme }: RigServer): string {
  const domain = `ai-proxy.${ip}.nip.io`
  const environment = [`ACME_CA_SERVER=${acme.directoryUrl}`, `ACME_CA_CERT=${acme.caCertPath}`]
  const target = ['--host', host, '--ssh-config', sshConfigPath, '--ip', ip]
  const trust = ['--resolve', `${domain}:${ip}`, '--ca-file', acme.rootsPath]
  const deploy = [...environment, 'npx', 'ai-deploy', ...target, ...trust, '--yes']
  const health = ['curl', '--cacert', acme.rootsPath, '--resolve', `${domain}:443:${ip}`, `https://${domain}/health`]
  return `${name}: deploy to it, and check it\n  ${deploy.join(' ')}\n  ${health.join(' ')}`
}
