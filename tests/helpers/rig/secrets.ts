import { variable } from '../../../kit/gateway-config/variables.ts'

const planted = new Set<string>()

/** A secret that must never be shown. @returns it */
export function plantSecret(secret: string): string {
  planted.add(secret)
  return secret
}

/** Values of these variables that are long enough to be nothing else. */
export function plantKeys(values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    if (variable(name)?.secret === false || !/KEYS?$|SECRET/.test(name)) continue
    const parts = value.split(',').map((part) => part.replace(/^[\w-]+:/, '')) // Without the name of a key.
    for (const part of parts) if (part.length >= MIN_LENGTH) plantSecret(part)
  }
}

const MIN_LENGTH = 12

export function showsSecret(text: string): boolean {
  return [...planted].some((secret) => text.includes(secret))
}

/** @throws when the text shows a planted secret; the message says where, and not which */
export function refuseSecrets(where: string, text: string): void {
  for (const secret of planted) {
    const at = text.indexOf(secret)
    if (at !== -1) throw new Error(`${where} shows a planted secret after: ${text.slice(Math.max(0, at - 120), at)}`)
  }
}
