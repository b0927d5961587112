import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { clusterOf, namespace, pod } from '../testing/worlds.ts';
import { renderExposure, reportExposure } from './exposure-report.ts';

const snapshot = clusterOf([
  ...[namespace('a'), pod('a', 'web', {}, '10.1.0.1')],
  {
    ...{ apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'a', name: 'web' } },
    spec: { type: 'LoadBalancer', selector: { app: 'web' }, ports: [{ port: 443, targetPort: 8080 }] },
  },
]);
const seen = { firstMs: 0, lastMs: 1000, count: 5 };

test('administration, workloads and the allow-list are told together, with what was not assessed', () => {
  const observations = {
    ...noObservations(),
    addresses: [
      { ...seen, address: '192.0.2.7', user: 'anna' },
      { ...seen, address: '198.51.100.7', user: 'boris' },
    ],
    windows: { ...noObservations().windows, addresses: [{ source: 'apiserver', fromMs: 0, toMs: 1000, lost: 0 }] },
  };
  const report = reportExposure(snapshot, {
    endpoint: undefined,
    allowFrom: ['192.0.2.0/24'],
    observations,
    nowMs: 1000,
  });
  const text = renderExposure(report);
  assert.match(
    text,
    /open +LoadBalancer load balancer:443 +Pod a\/web TCP 8080\n +from everybody \(the Internet\): no policy selects/,
  );
  assert.match(text, /breaks .*198\.51\.100\.7/);
  assert.doesNotMatch(text, /breaks .*192\.0\.2\.7/);
});

test('without observed clients an allow-list is unknown, not safe', () => {
  const options = { endpoint: undefined, allowFrom: ['192.0.2.0/24'], observations: noObservations(), nowMs: 0 };
  assert.match(renderExposure(reportExposure(snapshot, options)), /unknown|not assessed/);
});

test('names that hold control characters cannot forge lines', () => {
  const forged = clusterOf([pod('a', 'web\u001b[2J\nopen', { hostNetwork: true })]);
  const report = reportExposure(forged, {
    endpoint: undefined,
    allowFrom: undefined,
    observations: noObservations(),
    nowMs: 0,
  });
  assert.ok(!renderExposure(report).includes('\u001b'));
});
