import { renderYaml } from './yaml.ts'

/**
 * A file next to the route file: certificates of the owner, which Traefik shows for the names in them.
 * @param files in certs/
 * @param isDefault the first is shown to clients that send no name too, as those do that call an address
 */
export function renderOwnCertificates(files: readonly string[], isDefault = false): string {
  const certificates = files.map((file) => ({ certFile: `/certs/${file}`, keyFile: `/certs/${file}` }))
  const [first] = certificates
  const stores = isDefault && { stores: { default: { defaultCertificate: { ...first } } } }
  return renderYaml({ tls: { certificates, ...stores } })
}

/** Files in certs/ that such a file names. */
export function ownCertificateFiles(text: string): string[] {
  const named = [...text.matchAll(/certFile: "?\/certs\/(own-[0-9a-f]+\.pem)/g)]
  return named.flatMap(([, file]) => file ?? [])
}
