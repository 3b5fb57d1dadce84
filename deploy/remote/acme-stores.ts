import type { Argv } from '../host/argv.ts'
import { sh } from './sh.ts'

/**
 * Shell: prints mode and owner of certs/ and of each store in it, who asks (root), and the content of each without private keys, so that it
 * shows whether the file is whole. $P is the gateway's folder.
 */
export const CERTIFICATE_STORES = `if [ -d "$P/certs" ]; then
  me=$(id -u)
  echo store=". $(stat -c '%a %u' "$P/certs") $me"
  for f in acme.json acme-staging.json; do
    [ -f "$P/certs/$f" ] || continue
    echo store="$f $(stat -c '%a %u' "$P/certs/$f") $me"
    printf 'store_%s=' "$f"
    sed -E 's/("(key|PrivateKey)" *: *")[^"]*/\\1/g' "$P/certs/$f" | base64 -w0
    echo
  done
fi`

/** Gives certs/ and its stores owner and modes that Traefik accepts. Broken ones get a name that ends with `-ID` first. */
export function mendStores(certs: string, id: string, broken: readonly string[]): Argv {
  return sh(
    `set -e
cd "$1"
id=$2
shift 2
for f; do mv -f "$f" "$f.broken-$id"; done
owner=$(id -u):$(id -g)
chown "$owner" .
for f in acme.json acme-staging.json; do
  [ ! -f "$f" ] || { chown "$owner" "$f"; chmod 600 "$f"; }
done`,
    certs,
    id,
    ...broken,
  )
}
