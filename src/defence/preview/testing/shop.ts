import type { Impact, Outcome } from '../impact.ts';
import { subjectText } from '../preview.ts';
import { clusterOf, flow, namespace, policy, running, watched } from './cluster.ts';

/** A front that calls an API, which calls its database, and what was seen of it. */
export const shop = clusterOf([
  namespace('shop'),
  ...running('front', 8080, ['10.0.0.1', '10.0.0.2']),
  ...running('api', 8080, ['10.0.0.3', '10.0.0.4']),
  ...running('database', 6379, ['10.0.0.5']),
]);
export const seen = watched({ flows: [flow('front', 'api', 8080), flow('api', 'database', 6379)] });
/** Cuts the API from the database. */
export const onlyFront = policy('database', {
  podSelector: { matchLabels: { app: 'database' } },
  ingress: [{ from: [{ podSelector: { matchLabels: { app: 'front' } } }], ports: [{ port: 6379 }] }],
});

export const ofOutcome = (impacts: Impact[], outcome: Outcome) =>
  impacts.filter((impact) => impact.outcome === outcome).map(({ subject }) => subjectText(subject));
