import type { Line } from './lines.ts';
import type { Call, FlowEnd, ObservationType, Observed } from './observation.ts';

/** What was seen, in the words of a table's row. */
type Description = { from: string; to: string; what: string; outcome: string };

/** `shop/Deployment/web`, `node/n1`, an address. */
export const endText = (end: FlowEnd): string => {
  if (end.type === 'pod') return `${end.namespace}/${end.workload ?? end.name}`;
  return end.type === 'node' ? `node/${end.name}` : end.address;
};

/** What a row says besides times. */
const tellers: { [T in ObservationType]: (observed: Observed[T]) => Description } = {
  flows: ({ from, to, protocol, port, drop }) => ({
    ...{ from: endText(from), to: endText(to), what: `${protocol} ${port}` },
    outcome: drop === undefined ? 'passed' : `dropped: ${[drop.side, drop.why, ...drop.by].join(' ')}`,
  }),
  calls: (call) => ({
    ...{ from: call.user, to: targetOf(call), what: call.verb },
    outcome: call.allowed ? 'allowed' : 'refused',
  }),
  addresses: ({ address, user }) => ({ from: address, to: 'api', what: user, outcome: '' }),
  images: ({ image, digest, namespace, workload }) => ({
    ...{ from: `${namespace}/${workload}`, to: image, what: digest.slice(0, 19), outcome: '' },
  }),
};

function targetOf({ resource, group, subresource, namespace, name, path }: Call): string {
  if (resource === '') return path;
  const kind = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
  return [kind, [namespace, name].filter((part) => part !== '').join('/')].filter((part) => part !== '').join(' ');
}

export function describeLine(line: Line): Description {
  if (line.type !== 'window') return tellers[line.type](line.observed as never);
  const { source, lost } = line.window;
  return { from: source, to: line.of, what: 'watched', outcome: lost === 0 ? 'complete' : `${lost} lost` };
}
