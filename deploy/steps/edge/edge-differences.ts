import { textDiff } from '../../plan/differences/text-diff.ts'
import type { EdgeFiles } from '../../plan/edge-files.ts'
import type { EdgeFacts } from '../../server/facts.ts'

/** What differs between the edge's files on the server and new ones, in lines for people. */
export function edgeDifferences({ compose, traefik }: EdgeFiles, { composeFile, traefikConfig }: EdgeFacts): string[] {
  return [
    ...(composeFile === null ? [] : textDiff('edge/compose.yml', composeFile, compose)),
    ...(traefikConfig === null ? [] : textDiff('edge/traefik.yml', traefikConfig, traefik)),
  ]
}
