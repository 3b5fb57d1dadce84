import type { Argv } from '../../host/argv.ts'
import { sh } from '../sh.ts'

/**
 * Counts of the answers that a gateway gave: all, those that are an error 5xx of its own, and those that its providers
 * failed. The built-in model is left out, since deploys ask it.
 */
const COUNTS = `const counts=async()=>{
  const {env}=process,host=env.METRICS_HOST||'127.0.0.1',port=env.METRICS_PORT||9464;
  const page=await fetch('http://'+host+':'+port+'/metrics',{signal:AbortSignal.timeout(2000)}).then(r=>r.text()).catch(()=>'');
  let [all,own,providers]=[0,0,0];
  for(const [,labels,value] of page.matchAll(/^ai_proxy_requests_total\\{(.*)\\} (\\d+)/gm)){
    if(labels.includes('provider="echo"'))continue;
    all+=+value;
    if(labels.includes('outcome="upstream'))providers+=+value;
    else if(/status="5/.test(labels)&&labels.includes('outcome="rejected"'))own+=+value;
  }
  return [all,own,providers].join(' ');
};`

const BEFORE = `${COUNTS}counts().then(c=>console.log('before',c))`

/** Seconds between two looks; an answer that takes twice as long is none. */
const INSIDE = `${COUNTS}
const [port,seconds]=process.argv.slice(1).map(Number);
const end=Date.now()+seconds*1000;
const look=async()=>{
  const at=Date.now();
  const ready=await fetch('http://127.0.0.1:'+port+'/ready',{signal:AbortSignal.timeout(2000)}).then(r=>r.ok,()=>false);
  console.log('inside',at,Date.now(),ready?1:0,ready?await counts():'- - -');
  if(Date.now()<end)setTimeout(look,Math.max(0,at+1000-Date.now()));
};
look()`

/**
 * Looks at a release every second, from the server and from inside its container. Prints lines of these forms, until the
 * time is over: `container STATE RESTARTS STARTED_AT`, `inside BEGIN_MS END_MS READY ANSWERS OWN_ERRORS PROVIDER_ERRORS` (0 or
 * 1, and three dashes where nothing is known), and `before ANSWERS OWN_ERRORS PROVIDER_ERRORS` of the previous release.
 */
export function watchRelease(container: string, port: number, seconds: number, previous: string | null): Argv {
  return sh(
    `docker exec "$1" node -e "$4" "$2" "$3" 2>/dev/null &
[ -z "$6" ] || docker exec "$6" node -e "$5" 2>/dev/null &
n=0
while [ "$n" -lt "$3" ]; do
  docker inspect -f 'container {{.State.Status}} {{.RestartCount}} {{.State.StartedAt}}' "$1" 2>/dev/null || { docker version >/dev/null 2>&1 && echo container absent 0 never; }
  sleep 1
  n=$((n + 1))
done
wait
exit 0`,
    container,
    String(port),
    String(seconds),
    INSIDE,
    BEFORE,
    previous ?? '',
  )
}
