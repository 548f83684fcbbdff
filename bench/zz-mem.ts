import { generateKeyPairSync } from 'node:crypto'
import { openGrpcClients, readRoots } from './clients.ts'
import { closedLoop } from './load.ts'
import { makeCsrs } from './make-csr.ts'
import { newDataDirectory, removeDataDirectory, startServer } from './zz-server.ts'
import * as iss from './zz-iss.ts'
const directory=newDataDirectory()
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const csrs=makeCsrs(5000,'spiffe://cluster.local/ns/default/sa/web')
const server=await startServer(directory, iss.configText(publicKey))
const roots=readRoots(directory)
const grpc=openGrpcClients({address:server.listeners.get('grpc')??'',roots,token:iss.makeToken(privateKey)},8)
const show=async(l:string)=>{const t=await (await fetch(`http://${server.listeners.get('monitoring')}/metrics`)).text();const g=(n:string)=>Math.round(Number(new RegExp(`^${n}(?:\\{[^}]*\\})? (.*)$`,'m').exec(t)?.[1])/1e6);
 const sz=Number(/alcazar_store_group_size_sum (.*)/.exec(t)?.[1])/Number(/alcazar_store_group_size_count (.*)/.exec(t)?.[1])
 console.log(l,'rss',g('process_resident_memory_bytes'),'heapTotal',g('nodejs_heap_size_total_bytes'),'used',g('nodejs_heap_size_used_bytes'),'ext',g('nodejs_external_memory_bytes'),'group',sz.toFixed(1))}
await show('start')
let n=0
import { readdirSync, readFileSync } from 'node:fs'
const threads=()=>new Map(readdirSync(`/proc/${server.pid}/task`).map(t=>{const st=readFileSync(`/proc/${server.pid}/task/${t}/stat`,'utf8');const f=st.slice(st.lastIndexOf(')')+2).split(' ');return [t+' '+readFileSync(`/proc/${server.pid}/task/${t}/comm`,'utf8').trim(),[+f[11]*10000,+f[12]*10000]]}))
let prev=threads()
for(let r=0;r<6;r++){const a=await server.cpuUs();const rps=await closedLoop(5000,32,async()=>grpc.ask(csrs[n++%5000]??'',n));console.log('cpu us',((await server.cpuUs())-a)/5000,'rps',rps);await show('after');const now=threads();console.log([...now].map(([k,v])=>{const o=prev.get(k)??[0,0];return `${k}: u${((v[0]-o[0])/5000).toFixed(0)} s${((v[1]-o[1])/5000).toFixed(0)}`}).join('  '));prev=now}
grpc.close();await server.stop();removeDataDirectory(directory)
