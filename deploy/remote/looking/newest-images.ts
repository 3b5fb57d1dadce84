import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

export interface ImageQuestions {
  /** What it is for, one word, and the image with its tag. */
  tags: readonly { name: string; tag: string }[]
  /** Image of the live release. */
  liveImage: string
}

/**
 * Pulls the newest image of each tag, which changes nothing that runs. Prints `NAME_id`, `NAME_digests` (separated by commas)
 * and `NAME_layers` (JSON) of each, `live_layers` of the live release and `edge_id`, the image that the edge runs.
 */
export function pullNewest({ tags, liveImage }: ImageQuestions): Argv {
  return sh(
    `live=$1
shift
echo edge_id="$(docker inspect -f '{{.Image}}' ai-proxy-edge 2>/dev/null)"
echo live_layers="$(docker image inspect -f '{{json .RootFS.Layers}}' "$live" 2>/dev/null)"
while [ $# -gt 1 ]; do
  docker pull "$2" >/dev/null || exit 1
  echo "$1_id=$(docker image inspect -f '{{.Id}}' "$2")"
  echo "$1_digests=$(docker image inspect -f '{{join .RepoDigests ","}}' "$2")"
  echo "$1_layers=$(docker image inspect -f '{{json .RootFS.Layers}}' "$2")"
  shift 2
done`,
    liveImage,
    ...tags.flatMap(({ name, tag }) => [name, tag]),
  )
}
