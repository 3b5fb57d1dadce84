import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/** A private key that was cut off has no end. */
const WITHOUT_KEYS = `sed -E 's/("(key|PrivateKey)" *: *")[^"]*/\\1/g'`

/**
 * Shell: prints mode and owner of certs/ and of each store in it, who asks (root), and the content of each without private keys, so that it
 * shows whether the file is whole. Of a certificate of the owner it prints the certificates only. $P is the gateway's folder.
 */
export const CERTIFICATE_STORES = `if [ -d "$P/certs" ]; then
  me=$(id -u)
  echo store=". $(stat -c '%a %u' "$P/certs") $me"
  for f in acme.json acme-staging.json; do
    [ -f "$P/certs/$f" ] || continue
    echo store="$f $(stat -c '%a %u' "$P/certs/$f") $me"
    printf 'store_%s=' "$f"
    ${WITHOUT_KEYS} "$P/certs/$f" | base64 -w0
    echo
  done
  for f in "$P"/certs/own-*.pem; do
    [ -f "$f" ] || continue
    echo store="\${f##*/} $(stat -c '%a %u' "$f") $me"
    printf 'own_%s=' "\${f##*/}"
    sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/p' "$f" | base64 -w0
    echo
  done
fi`

/** What the facts say of the stores. @param folder of the gateway */
export function certificateStores(folder: string): Argv {
  return sh(`P=$1\n${CERTIFICATE_STORES}`, folder)
}

/** Prints a store in a backup as the facts do, without private keys; nothing if the backup has none. */
export function storeInBackup(archive: string, file: string): Argv {
  return sh(
    `printf 'store_%s=' "$2"
tar -xzOf "$1" --occurrence=1 "certs/$2" 2>/dev/null | ${WITHOUT_KEYS} | base64 -w0
echo`,
    archive,
    file,
  )
}

/** Puts a store of a backup in place; where there is one already it has no effect. */
export function takeStore(archive: string, certs: string, file: string): Argv {
  return sh(
    `set -e
umask 077
[ ! -e "$2/$3" ] || exit 0
t="$2/$3.part"
trap 'rm -f "$t"' EXIT
tar -xzOf "$1" --occurrence=1 "certs/$3" > "$t"
sync "$t"
mv -f "$t" "$2/$3"`,
    archive,
    certs,
    file,
  )
}

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
for f in acme.json acme-staging.json own-*.pem; do
  [ ! -f "$f" ] || { chown "$owner" "$f"; chmod 600 "$f"; }
done`,
    certs,
    id,
    ...broken,
  )
}
