import { exposureOf, otherWaysIn } from '../../exposure/exposure.ts';
import { refKey } from '../../object-ref.ts';
import { containersOf, workloadsOf } from '../../snapshot/workloads.ts';
import { type AdministrationCheck, fail, notAssessed, pass, unread } from './contract.ts';

/** Programs with which a cluster is administered or watched, by the last part of their image's name. */
const dashboards =
  /^(kubernetes-dashboard|dashboard|dashboard-(web|api|auth)|argocd|argo-?cd.*|grafana|prometheus|alertmanager|rancher|kubeapps.*|headlamp|octant|kiali|jaeger-query|kibana|portainer|lens|k9s|weave-scope|scope|polaris|longhorn-ui|rook-ceph-dashboard|traefik-dashboard|jenkins|vault|consul|airflow|kubeflow.*|jupyterhub)$/;

const nameOfImage = (image: unknown): string => /([^/:@]+)(?::[^/]*)?(?:@.*)?$/.exec(String(image ?? ''))?.[1] ?? '';

export const exposedDashboards: AdministrationCheck = {
  id: 'administration/dashboards',
  severity: 'high',
  title: 'No dashboard is reached from outside',
  mend: 'make its Service a ClusterIP and use kubectl port-forward, or put an authenticating proxy in front of it',
  benchmark: ['NSA network separation and hardening'],
  judge({ snapshot }) {
    const missing = unread(snapshot, 'Pod', 'Service', 'Ingress.networking.k8s.io');
    const found = workloadsOf(snapshot).filter(({ spec }) =>
      containersOf(spec).some(({ image }) => dashboards.test(nameOfImage(image))),
    );
    const { entries } = exposureOf(snapshot);
    const [unreadWay] = otherWaysIn(snapshot);
    const verdicts = found.map(({ ref, spec }) => {
      const image = containersOf(spec)
        .map((container) => nameOfImage(container['image']))
        .find((name) => dashboards.test(name));
      const ways = entries.filter(({ workload }) => refKey(workload) === refKey(ref));
      const open = ways.find(({ verdict }) => verdict === 'open');
      if (open) return fail(`${image} is reached by ${open.type} ${open.at}`, [...open.via, ref]);
      const unsure = ways.find(({ verdict }) => verdict === 'not assessed');
      if (unsure) return notAssessed(`${image} at ${unsure.at}: ${unsure.why}`);
      return unreadWay ? notAssessed(`${image}: ${unreadWay}`) : pass(`${image} is not exposed`, [ref]);
    });
    if (missing.length > 0) return [...missing, ...verdicts.filter(({ verdict }) => verdict === 'fail')];
    return verdicts.length > 0 ? verdicts : [pass('none of the dashboards that are known by their image runs here')];
  },
};
