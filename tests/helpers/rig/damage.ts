/** What can break on a server of the rig whose gateway is in /root/ai-proxy, and what a plain run says that it does about it. */
export interface Damage {
  what: string
  /** Run in that folder, with the live container as $L. */
  command: string
  /** In the plan of the repair. */
  says: string
}

export const FOLDER = '/root/ai-proxy'
const ROUTE = `${FOLDER}/edge/dynamic/app.yml`

/** Goes before a command that needs the live container: it is $L then. */
export const WITH_LIVE = `cd ${FOLDER}; L=$(sed -n 's#.*http://\\(ai-proxy-[0-9-]*\\):.*#\\1#p' ${ROUTE} | head -n 1); `

const SILENCE = `kill -STOP $(docker top $L -eo pid,args | awk '$2 == "node" { print $1 }')`

export const DAMAGES: Damage[] = [
  { what: 'a gateway that was stopped', command: 'docker stop $L', says: 'which is not running' },
  { what: 'a gateway that was removed', command: 'docker rm -f $L', says: 'which is not running' },
  { what: 'a gateway that is paused', command: 'docker pause $L', says: 'which is paused' },
  {
    what: 'a gateway off its network',
    command: 'docker network disconnect ai-proxy-edge $L',
    says: 'to the network of the edge again',
  },
  { what: 'a gateway that never answers', command: SILENCE, says: 'which does not answer any more' },
  { what: 'an edge that was stopped', command: 'docker stop -t 1 ai-proxy-edge', says: 'start the edge' },
  { what: 'an edge that was removed', command: 'docker rm -f ai-proxy-edge', says: 'start the edge' },
  { what: 'an edge that is paused', command: 'docker pause ai-proxy-edge', says: 'let the edge continue' },
  {
    what: 'an edge off its network',
    command: 'docker network disconnect ai-proxy-edge ai-proxy-edge',
    says: 'connect the edge to its network again',
  },
  {
    what: 'a network that is gone',
    command: 'docker kill $(docker ps -q); docker network prune -f',
    says: 'start the edge',
  },
  { what: 'a route that is gone', command: `rm ${ROUTE}`, says: 'lead the edge to release' },
  { what: 'a route that is empty', command: `: > ${ROUTE}`, says: 'lead the edge to release' },
  { what: 'a route that is garbage', command: `echo '{[' > ${ROUTE}`, says: 'lead the edge to release' },
  {
    what: 'a route to a release that never was',
    command: `sed -i 's#http://ai-proxy-[0-9-]*:#http://ai-proxy-20200101-000000:#' ${ROUTE}`,
    says: 'lead the edge to release',
  },
  {
    what: 'a state.json that is garbage',
    command: `echo '{"version":1,"live":{"instance":"x"},"previous":"oops"}' > state.json`,
    says: 'record that',
  },
  { what: 'neither route nor state.json', command: `rm state.json ${ROUTE}`, says: 'lead the edge to release' },
  { what: 'a `current` that is gone', command: 'rm current', says: 'record that' },
  { what: 'a `current` that is a folder', command: 'rm current; mkdir current', says: 'record that' },
  {
    what: 'nothing but the releases',
    command: `rm state.json current ${ROUTE}; docker rm -f $(docker ps -aq); docker network prune -f`,
    says: 'start release',
  },
  { what: 'a .env that is lost', command: 'rm .env', says: 'write the lost .env again' },
  { what: 'folders that were removed', command: 'rm -rf edge certs', says: 'make the missing folders again' },
  { what: 'logs that were removed', command: 'rm -rf logs', says: 'which lost its folder of logs' },
]
