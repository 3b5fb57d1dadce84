import type { Argv } from '../../host/argv.ts'
import { ROUTINE_READINGS } from '../logdb/schedule.ts'
import { sh } from '../sh.ts'

/**
 * Run inside the container of a gateway: requests that are being answered, what its log waits for and has lost, the time of
 * the last record, how many bytes of the logs no ingest has read, and when the last ingest was.
 */
const INSIDE = `const fs=require('fs'),{env}=process,folder='/app/logs/';
const say=(name,value)=>console.log(name+'='+value);
(async()=>{
  const url='http://'+(env.METRICS_HOST||'127.0.0.1')+':'+(env.METRICS_PORT||9464)+'/metrics';
  const page=await fetch(url,{signal:AbortSignal.timeout(3000)}).then(r=>r.text()).catch(()=>'');
  const names={in_flight:'requests_in_flight',waiting:'log_waiting_bytes',lost:'log_records_lost'};
  for(const name in names){
    const found=page.match(RegExp('^ai_proxy_'+names[name]+' (\\\\d+)','m'));
    if(found)say(name,found[1]);
  }
  const logs=fs.readdirSync(folder).filter(name=>/^requests-.*\\.jsonl$/.test(name)).map(name=>[name,fs.statSync(folder+name)]);
  if(logs.length>0)say('last_record',Math.floor(Math.max(...logs.map(([,stat])=>stat.mtimeMs))/1000));
  let rows=[];
  try{
    const db=new(require('better-sqlite3'))(folder+'db/control.sqlite3',{readonly:true});
    rows=db.prepare('SELECT path, offset, last_scan_ts AS at FROM sources').all();
  }catch{}
  if(rows.length>0)say('last_ingest',Math.max(...rows.map(({at})=>at??0)));
  const read=name=>Math.max(0,...rows.filter(({path})=>path.split('/').pop()===name).map(({offset})=>offset));
  say('behind',logs.reduce((sum,[name,{size}])=>sum+Math.max(0,size-read(name)),0));
})()`

const STATUS = `cd / || exit 1
P=$1
if [ -f "$P/audit.jsonl" ]; then printf audit=; tail -n 400 "$P/audit.jsonl" | base64 -w0; echo; fi
if [ -e "$P/lock" ] && ! flock -s -n "$P/lock" true; then echo lock="$(head -n 1 "$P/lock")"; fi
${ROUTINE_READINGS}
command -v docker >/dev/null 2>&1 || exit 0
for name in $(docker ps --filter label=ai-deploy.release --filter status=running --format '{{.Names}}' 2>/dev/null); do
  timeout 10 docker exec "$name" node -e "$2" inside 2>/dev/null | sed "s/^/of_$name=/"
done
root=$(docker info --format '{{.DockerRootDir}}' 2>/dev/null)
[ -d "\${root:-}" ] && echo docker_disk="$(df -Pk "$root" | tail -n 1)"
[ -d "$P" ] && echo folder_disk="$(df -Pk "$P" | tail -n 1)"
exit 0`

/**
 * What a status shows beyond the facts of a plan. Prints `name=value` lines: the end of the audit in base64, the first line of
 * a lock that somebody holds, `of_CONTAINER=name=value` from inside each gateway that runs, and two lines of `df -Pk`.
 */
export function statusReadings(folder: string): Argv {
  return sh(STATUS, folder, INSIDE)
}
