import type { PolicyPod } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { type ObjectRef, refOf } from '../object-ref.ts';
import { backendsOf, type ServiceBackend } from '../snapshot/backends.ts';
import { namespaceOf } from '../snapshot/workloads.ts';
import type { Entry, ExposureContext } from './entry.ts';

/** A way through a proxy: `shop.example/api` to a Service, through the objects that say so. */
export type ProxyWay = {
  type: 'Ingress' | 'Gateway';
  at: string;
  via: ObjectRef[];
  namespace: string;
  service: string;
  /** Number or name of the Service’s port; undefined: any. */
  port: number | string | undefined;
  /** Who serves its class, as the class says: `k8s.io/ingress-nginx`. */
  controller?: string;
  /** Why the route does not count, though it is written; or, where not all was read, why it may not. */
  refused?: { why: string; isSure: boolean };
};

/** Labels and images by which the usual proxies are known. */
const proxyNames =
  /(^|[/-])(ingress-nginx|nginx-ingress|traefik|contour|envoy|haproxy|kong|istio-ingressgateway|caddy)/;

/** Pods of proxies that take traffic from outside to Ingresses and Gateways, as far as they are known by name. */
export function proxiesOf({ network, snapshot }: ExposureContext): PolicyPod[] {
  const images = new Map(
    snapshot
      .of('Pod')
      .map((pod) => [
        `${namespaceOf(pod)}/${pod.metadata.name}`,
        ((pod['spec']?.containers ?? []) as { image?: string }[]).map(({ image }) => image ?? ''),
      ]),
  );
  return network.world.pods.filter(({ labels, namespace, name }) =>
    [labels['app.kubernetes.io/name'] ?? '', labels['app'] ?? '', ...(images.get(`${namespace}/${name}`) ?? [])].some(
      (text) => proxyNames.test(text),
    ),
  );
}

/** Where a way leads, and whether the proxy may take it. */
export function proxyEntries(context: ExposureContext, way: ProxyWay, proxies: PolicyPod[]): Entry[] {
  const { snapshot, network } = context;
  const service = snapshot
    .of('Service')
    .find((each) => namespaceOf(each) === way.namespace && each.metadata.name === way.service);
  if (service === undefined) return [];
  return backendsOf(service, network.podsIn(way.namespace))
    .filter(({ servicePort }) => way.port === undefined || isPort(service, servicePort, way.port))
    .map((backend) => ({
      ...{ type: way.type, at: way.at, from: 'everybody', reach: 'internet', via: [...way.via, refOf(service)] },
      ...{ workload: network.workloadOf(backend.pod), protocol: backend.protocol, port: backend.port },
      ...judgeProxy(context, way, backend, proxies),
    }));
}

const isPort = ({ spec }: Manifest, servicePort: number, wanted: number | string): boolean =>
  servicePort === wanted ||
  ((spec?.ports ?? []) as { name?: string; port: number }[]).some(
    (each) => each.name === wanted && each.port === servicePort,
  );

function judgeProxy(
  context: ExposureContext,
  { refused, controller }: ProxyWay,
  { pod, protocol, port }: ServiceBackend,
  proxies: PolicyPod[],
): Pick<Entry, 'verdict' | 'why' | 'by'> {
  if (refused !== undefined) return { verdict: refused.isSure ? 'closed' : 'not assessed', why: refused.why, by: [] };
  if (port === undefined)
    return { verdict: 'closed', why: 'the pod has no port of the name that the Service asks for', by: [] };
  const direct = context.judge(pod, protocol, port, {});
  if (direct.verdict === 'open') return { verdict: 'open', why: direct.why, by: direct.by };
  // A proxy of another class takes none of this one's traffic.
  const isKnown = controller === undefined || proxyNames.test(controller);
  const key = ({ namespace, name }: PolicyPod) => `${namespace}/${name}`;
  const through = proxies.find(
    (proxy) => context.network.evaluator.evaluate({ pod: key(proxy) }, { pod: key(pod) }, protocol, port).allowed,
  );
  if (through !== undefined && isKnown)
    return { verdict: 'open', why: `policies let the proxy ${key(through)} in`, by: direct.by };
  if (direct.verdict === 'not assessed') return { verdict: 'not assessed', why: direct.why, by: direct.by };
  if (proxies.length > 0 && isKnown)
    return { verdict: 'closed', why: 'policies let none of the proxies in', by: direct.by };
  const why = 'policies restrict who may connect, and which pods or addresses the proxy has is not known';
  return { verdict: 'not assessed', why, by: direct.by };
}
