export interface DomainFacts {
  /** DOMAIN in the backup's .env. */
  inBackup: string | undefined
  /** DOMAIN in the server's .env. */
  onServer: string | undefined
  /** Name that this server has without one of its own; null if its address is not known. */
  ownDefault: string | null
  /** The same of the server where the backup was made; null if it is not known. */
  madeAt: string | null
  /** The user wants the backup's. */
  isKept: boolean
}

export interface RestoredDomain {
  /** DOMAIN that replaces the backup's; undefined to leave that. */
  domain?: string
  /** Sentence without a full stop, if the user should know. */
  note?: string
}

/** A server keeps its own name when it gets the backup of another one, unless the user says otherwise. */
export function restoredDomain({ inBackup, onServer, ownDefault, madeAt, isKept }: DomainFacts): RestoredDomain {
  if (!inBackup || isKept || inBackup.toLowerCase() === onServer?.toLowerCase()) return {}
  if (onServer) return replaced(inBackup, onServer)
  const mayBeOthers = madeAt !== null || isMadeOfAddress(inBackup)
  if (ownDefault === null) {
    if (!mayBeOthers) return {}
    return { note: `the address of this server is not known, so it gets the backup's DOMAIN, ${inBackup}` }
  }
  const isOther = (madeAt ?? inBackup) !== ownDefault
  return mayBeOthers && isOther ? replaced(inBackup, ownDefault) : {}
}

function replaced(inBackup: string, own: string): RestoredDomain {
  return {
    domain: own,
    note: `this server keeps its own DOMAIN, ${own}; --keep-domain takes the backup's, ${inBackup}`,
  }
}

function isMadeOfAddress(domain: string): boolean {
  return /\.(nip|sslip)\.io$/i.test(domain)
}
