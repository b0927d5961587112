import { noObservations } from '../../../api/observations/observation.ts';
import type { Manifest } from '../../contract.ts';
import type { Change } from '../../snapshot/snapshot.ts';
import type { Outcome } from '../impact.ts';
import { preview, subjectText } from '../preview.ts';
import { clusterOf, namespace, object, template } from './cluster.ts';

/** The namespace of most tests, with a level that it enforces. */
export const level = (enforce: string) => namespace('shop', { 'pod-security.kubernetes.io/enforce': enforce });
/** What no level but privileged lets in. */
export const careless = { containers: [{ name: 'c', image: 'c:1', securityContext: { privileged: true } }] };
export const cron = (name: string, spec: object = {}) =>
  object('batch/v1', 'CronJob', name, { spec: { jobTemplate: { spec: { template: template(name, 1, spec) } } } });

/** `Deployment shop/web` with each outcome. */
export function told(objects: Manifest[], changes: Change[], closedByDefault = true): Record<string, Outcome[]> {
  const { impacts } = preview(clusterOf(objects, { closedByDefault }), changes, noObservations(), 0);
  const entries = Map.groupBy(
    impacts.filter(({ subject }) => subject.type === 'object' || subject.type === 'template'),
    ({ subject }) => subjectText(subject),
  );
  return Object.fromEntries([...entries].map(([key, all]) => [key, all.map(({ outcome }) => outcome)]));
}
