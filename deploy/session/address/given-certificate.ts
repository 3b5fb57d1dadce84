import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createServer } from 'node:tls'
import { readText } from '../../../kit/files.ts'
import { sha256 } from '../../../kit/sha256.ts'
import { isoDay } from '../../../kit/time.ts'
import { errorMessage } from '../../../kit/user-error.ts'
import { deployError } from '../../errors.ts'
import type { Options } from '../../local/options.ts'
import type { GivenCertificate } from '../../plan/address/own-certificate.ts'
import { checkCertificate } from '../../probe/certificate.ts'
import { coversName, readLeaf } from '../../server/certificates/own-certificates.ts'

const ADD_CHAIN =
  'put the certificates between it and the CA below it in the file; for a CA of your own, give its certificate with --ca-file'

/**
 * The certificate that the options name, checked as a client would; null to go back to the CA, undefined if they name none.
 * @param extraCa PEM that is trusted too
 * @throws UserError CONFIG_INVALID
 */
export async function givenCertificate(
  { certificate }: Pick<Options, 'certificate'>,
  domain: string,
  extraCa: string | null,
): Promise<GivenCertificate | null | undefined> {
  if (certificate === undefined || certificate === null) return certificate
  const { cert: certFile, key: keyFile } = certificate
  const [cert, key] = [readText(certFile), readText(keyFile)]
  const leaf = readCertificate(cert, certFile)
  if (!leaf.checkPrivateKey(readKey(key, keyFile))) {
    throw refused(
      `the key in ${keyFile} does not belong to the certificate in ${certFile}`,
      'give the key that it was made with',
    )
  }
  const { names, validUntilS } = readLeaf(cert)
  if (!coversName({ file: certFile, names }, domain)) {
    const hint = `take a certificate for ${domain}, or another name with --domain NAME`
    throw refused(`the certificate in ${certFile} is for ${names.join(', ') || 'no name'}, not for ${domain}`, hint)
  }
  checkDates(leaf, certFile)
  const reason = await chainProblem(cert, key, { domain, extraCa })
  if (reason !== undefined)
    throw refused(`clients would not trust the certificate in ${certFile}: ${reason}`, ADD_CHAIN)
  const pem = `${[cert, key].map((text) => text.replace(/\r\n?/g, '\n').trim()).join('\n')}\n`
  return {
    ...{ file: `own-${sha256(pem).slice(0, 16)}.pem`, names, pem },
    ...(validUntilS !== undefined && { validUntilS }),
  }
}

function readCertificate(pem: string, file: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw refused(`${file} is not a certificate in PEM`, 'give a file that begins with -----BEGIN CERTIFICATE-----')
  }
}

function readKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (error) {
    const isLocked = /passphrase|ENCRYPTED/i.test(`${errorMessage(error)} ${pem.slice(0, 200)}`)
    throw isLocked
      ? refused(
          `the key in ${file} has a passphrase, which the edge cannot type`,
          'remove it with: openssl pkey -in KEY -out PLAIN',
        )
      : refused(`${file} is not a private key in PEM`, 'give a file that begins with -----BEGIN PRIVATE KEY-----')
  }
}

function checkDates({ validFrom, validTo }: X509Certificate, file: string): void {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)]
  if (to < Date.now()) throw refused(`the certificate in ${file} ended on ${isoDay(to)}`, 'give a newer one')
  if (from > Date.now()) {
    throw refused(
      `the certificate in ${file} is valid from ${isoDay(from)} on only`,
      'wait until then, and check the clock here',
    )
  }
}

interface Client {
  domain: string
  extraCa: string | null
}

/** What a client that connects with this pair on the other side says; undefined if it is content. */
async function chainProblem(cert: string, key: string, { domain, extraCa }: Client): Promise<string | undefined> {
  const server = createServer({ cert, key })
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const open = async () => {
      const socket = connect(port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    }
    const { isValid, reason } = await checkCertificate(open, domain, extraCa)
    return isValid ? undefined : reason
  } finally {
    server.close()
  }
}

function refused(message: string, hint: string) {
  return deployError('CONFIG_INVALID', message, hint)
}
