import assert from 'node:assert/strict';
import { test } from 'node:test';
import { developmentInShop, noKubectl, openNamespace } from './development.ts';

/** The machine's kubectl against the whole control plane: what needs controllers, a scheduler and nodes. */
const { kubectl, refused } = developmentInShop();
const rolledOut = (name: string) => kubectl(`rollout status ${name} --timeout=60s`);

test('nodes are listed and described with what runs on them', { skip: noKubectl }, async () => {
  assert.match(await kubectl('get nodes -o wide'), /simulated-0 +Ready .*simulated:\/\/1/);
  assert.match(await kubectl('describe node simulated-0'), /Allocated resources:[\s\S]*cpu +0/);
});

test('a deployment is rolled out, back, paused and restarted', { skip: noKubectl }, async () => {
  await kubectl('create deployment web --image=nginx:1 --replicas=3 --port=80');
  assert.match(await rolledOut('deployment/web'), /successfully rolled out/);
  await kubectl('set image deployment/web nginx=nginx:2');
  await rolledOut('deployment/web');
  await kubectl('annotate deployment web kubernetes.io/change-cause=second');
  assert.match(await kubectl('rollout history deployment/web'), /1 +<none>\n2 +(<none>|second)/);
  assert.match(await kubectl('rollout history deployment/web --revision=1'), /Image:\s+nginx:1/);
  await kubectl('rollout undo deployment/web --to-revision=1');
  await rolledOut('deployment/web');
  assert.equal(await kubectl('get pods -l app=web -o jsonpath={.items[0].spec.containers[0].image}'), 'nginx:1');
  await kubectl('rollout pause deployment/web');
  await kubectl('set env deployment/web COLOUR=blue');
  await kubectl('set resources deployment/web --limits=cpu=100m,memory=64Mi');
  assert.match(await kubectl('get rs -l app=web -o name'), /^(\S+\n){2}$/, 'a paused deployment makes no replica set');
  await kubectl('rollout resume deployment/web');
  await rolledOut('deployment/web');
  await kubectl('rollout restart deployment/web');
  await rolledOut('deployment/web');
  const pods = JSON.parse(await kubectl('get pods -l app=web --field-selector status.phase=Running -o json')).items;
  assert.deepEqual(new Set(pods.map((pod: any) => pod.spec.containers[0].env[0].value)), new Set(['blue']));
});

test('an exposed deployment has addresses, a scaled one has as many as asked', { skip: noKubectl }, async () => {
  await kubectl('create deployment shown --image=nginx --replicas=1 --port=80');
  await kubectl('expose deployment shown --port=8080 --target-port=80');
  await kubectl('scale deployment shown --replicas=4 --current-replicas=1');
  await kubectl('wait --for=jsonpath={.status.readyReplicas}=4 deployment/shown --timeout=30s');
  assert.match(await kubectl('describe service shown'), /Endpoints: +\d+\.\d+\.\d+\.\d+:80/);
  assert.match(await kubectl('get endpointslices -l kubernetes.io/service-name=shown'), /IPv4 +80/);
  await kubectl('autoscale deployment shown --min=2 --max=6 --cpu-percent=80');
  assert.match(await kubectl('get hpa shown'), /Deployment\/shown +cpu: <unknown>\/80% +2 +6/);
  assert.match(await kubectl('describe deployment shown'), /NewReplicaSet: +shown-\S+ \(4\/4 replicas created\)/);
  assert.match(await refused('scale deployment shown --replicas=1 --current-replicas=9'), /replicas/);
});

test('pods are sorted, chunked and shown in columns of one’s own', { skip: noKubectl }, async () => {
  await kubectl('create deployment rows --image=nginx --replicas=3');
  await rolledOut('deployment/rows');
  const columns = 'get pods -l app=rows --sort-by=.metadata.name --chunk-size=1 -o custom-columns=N:.metadata.name';
  const [title, ...names] = (await kubectl(columns)).trim().split('\n');
  assert.equal(title, 'N');
  assert.equal(names.length, 3);
  assert.deepEqual(names, names.toSorted());
  assert.match(await kubectl('get pods -l app=rows -o wide'), /NOMINATED NODE[\s\S]*simulated-\d/);
  assert.match(await kubectl('get pods -A -l app=rows'), /^NAMESPACE[\s\S]*shop +rows-/);
  assert.match(await kubectl('get all -l app=rows'), /deployment\.apps\/rows[\s\S]*replicaset\.apps\/rows-/);
});

test('jobs complete, and cron jobs make them', { skip: noKubectl }, async () => {
  await kubectl('create job once --image=busybox -- true');
  await kubectl('wait --for=condition=complete job/once --timeout=30s');
  assert.match(await kubectl('get job once'), /Complete +1\/1/);
  await kubectl(
    'create -f -',
    await kubectl('create cronjob yearly --image=x --schedule=@yearly --dry-run=client -o yaml'),
  );
  await kubectl('create job manual --from=cronjob/yearly');
  await kubectl('wait --for=condition=complete job/manual --timeout=30s');
  assert.match(await kubectl('describe job manual'), /Controlled By: +CronJob\/yearly/);
});

test('stateful sets and daemon sets roll out, and tell their history', { skip: noKubectl }, async () => {
  const set = (kind: string, name: string, more: string) => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  ${more}
  selector: {matchLabels: {app: ${name}}}
  template: {metadata: {labels: {app: ${name}}}, spec: {containers: [{name: main, image: "x:1"}]}}
`;
  await kubectl('create -f -', set('StatefulSet', 'kept', 'replicas: 2\n  serviceName: kept'));
  await kubectl('create -f -', set('DaemonSet', 'each', ''));
  for (const name of ['statefulset/kept', 'daemonset/each']) {
    await rolledOut(name);
    await kubectl(`set image ${name} main=x:2`);
    await rolledOut(name);
    assert.match(await kubectl(`rollout history ${name}`), /REVISION[\s\S]*1 [\s\S]*2 /);
    await kubectl(`rollout undo ${name}`);
    await rolledOut(name);
  }
  assert.equal(await kubectl('get pod kept-1 -o jsonpath={.spec.containers[0].image}'), 'x:1');
  assert.match(await kubectl('get daemonset each'), /each +3 +3 +3 +3 +3/);
});

test('delete follows owners, or leaves them, as asked', { skip: noKubectl }, async () => {
  await kubectl('create deployment owner --image=x --replicas=2');
  await rolledOut('deployment/owner');
  await kubectl('delete deployment owner --cascade=orphan');
  assert.match(await kubectl('get rs -l app=owner'), /owner-\S+ +2 +2 +2/);
  await kubectl('delete rs -l app=owner --cascade=foreground');
  assert.equal(await kubectl('get pods -l app=owner -o name'), '', 'in the foreground the pods go first');
  await kubectl('run quick --image=x');
  await kubectl('delete pod quick --now');
  await kubectl('run forced --image=x');
  await kubectl('delete pod forced --grace-period=0 --force');
  await kubectl('run awaited --image=x');
  await kubectl('wait --for=condition=Ready pod/awaited --timeout=30s');
  const gone = kubectl('wait --for=delete pod/awaited --timeout=60s');
  await kubectl('delete pod awaited --wait=false --grace-period=1');
  await gone;
  assert.match(await refused('get pod awaited quick forced'), /NotFound/);
});

test('a drained node is empty, and a budget holds it up', { skip: noKubectl }, async () => {
  await kubectl('create deployment moved --image=x --replicas=3');
  await rolledOut('deployment/moved');
  await kubectl('create poddisruptionbudget moved --selector=app=moved --min-available=3');
  await kubectl('wait --for=jsonpath={.status.currentHealthy}=3 pdb/moved --timeout=30s');
  const where = 'get pods -l app=moved -o jsonpath={.items[0].spec.nodeName}';
  const node = await kubectl(where);
  const drain = `drain ${node} --ignore-daemonsets --delete-emptydir-data --force`;
  assert.match(await refused(`${drain} --timeout=2s`), /disruption budget/);
  await kubectl('delete poddisruptionbudget moved');
  await kubectl(`${drain} --timeout=60s`);
  assert.match(await kubectl(`get node ${node}`), /Ready,SchedulingDisabled/);
  const left = `get pods -A --field-selector spec.nodeName=${node} -o jsonpath={.items[*].metadata.ownerReferences[0].kind}`;
  assert.doesNotMatch(await kubectl(left), /ReplicaSet/);
  await kubectl(`uncordon ${node}`);
  await kubectl(`taint node ${node} reserved=yes:NoSchedule`);
  assert.match(await kubectl(`describe node ${node}`), /Taints: +reserved=yes:NoSchedule/);
  await kubectl(`taint node ${node} reserved-`);
});

test('events tell what happened to an object', { skip: noKubectl }, async () => {
  await kubectl('run told --image=x');
  await kubectl('wait --for=condition=Ready pod/told --timeout=30s');
  assert.match(
    await kubectl('describe pod told'),
    /Events:[\s\S]*Scheduled[\s\S]*Successfully assigned shop\/told to simulated/,
  );
  assert.match(await kubectl('events --for pod/told'), /Normal +Scheduled +Pod\/told/);
  assert.match(await kubectl('get events --sort-by=.lastTimestamp'), /pod\/told/);
  await kubectl('run pending --image=x --overrides={"spec":{"nodeSelector":{"disk":"none"}}}');
  await kubectl('wait --for=condition=PodScheduled=False pod/pending --timeout=30s');
  assert.match(await kubectl('describe pod pending'), /FailedScheduling[\s\S]*0\/3 nodes are available/);
});

test('quotas are counted, and exceeding one says by how much', { skip: noKubectl }, async () => {
  await kubectl('create -f -', openNamespace('small'));
  await kubectl('-n small create quota q --hard=configmaps=2');
  await kubectl('-n small wait --for=jsonpath={.status.used.configmaps}=1 quota/q --timeout=30s');
  await kubectl('-n small create configmap one');
  const message = await refused('-n small create configmap two');
  assert.match(message, /exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2/);
  await kubectl('-n small wait --for=jsonpath={.status.used.configmaps}=2 quota/q --timeout=30s');
  assert.match(await kubectl('-n small describe quota q'), /configmaps +2 +2/);
  await kubectl('delete namespace small --timeout=60s');
  assert.match(await refused('get namespace small'), /NotFound/);
});
