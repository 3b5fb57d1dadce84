import { parseDotenv } from '../../../kit/settings/dotenv.ts'
import type { Change } from '../change.ts'
import type { Situation } from '../situation.ts'

/** A kept route file shows that a release is to be watched again, where releases are watched. */
export function removeTorn({ facts, settings }: Situation): Change<'remove-torn'> | undefined {
  const hasRoutes = facts.isUnwatched && settings.watchS === 0
  return facts.hasTornFiles || hasRoutes ? { kind: 'remove-torn', hasRoutes } : undefined
}

export function makeFolders(situation: Situation): Change<'make-folders'> | undefined {
  const { facts, live, release, isEnvOutdated, isLogdbScriptOutdated, isEdgeOutdated, settings } = situation
  const missing = live === null ? [] : [...facts.missingFolders]
  const isFileWritten = release !== null || isEnvOutdated || isLogdbScriptOutdated || isEdgeOutdated
  const isFirst = live === null && isFileWritten
  if (!isFirst && missing.length === 0) return undefined
  return { kind: 'make-folders', uid: settings.uid, gid: settings.gid, missing }
}

export function writeEnv({ facts, env, isEnvOutdated }: Situation): Change<'write-env'> | undefined {
  if (!isEnvOutdated) return undefined
  const before = facts.env === null ? env.values : parseDotenv(facts.env).values
  return {
    kind: 'write-env',
    text: env.text,
    uploaded: env.uploaded,
    hasNewKey: env.generatedKey !== null,
    changed: Object.keys(env.values).filter((name) => env.values[name] !== before[name]),
    removed: Object.keys(before).filter((name) => env.values[name] === undefined),
    rebuiltFrom: env.rebuiltFrom,
  }
}

export function writeLogdbScript(situation: Situation): Change<'write-logdb-script'> | undefined {
  const { logdbScript: text, isLogdbScriptOutdated } = situation
  return isLogdbScriptOutdated ? { kind: 'write-logdb-script', text } : undefined
}

export function keepReserve({ facts }: Situation): Change<'keep-reserve'> | undefined {
  return facts.hasReserve ? undefined : { kind: 'keep-reserve' }
}
