import { isDeepStrictEqual } from 'node:util';
import { acceptedAnnotation } from '../../../api/kinds/protection.ts';
import { exposes } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { refOf, refText } from '../../object-ref.ts';
import type { Impact, Outcome } from '../impact.ts';

/** What is judged of a Service by where it leads and what it opens; all its other fields are compared. */
const judgedFields = new Set(['selector', 'type', 'externalIPs', 'allocateLoadBalancerNodePorts']);

/**
 * What becomes of who uses a Service or an Ingress. `moved`: whether it leads to other pods than now. Whatever else differs
 * is not judged and so not safe: where a name leads, who is answered, and by which rules of the controller that reads it.
 */
export function exposureChange(was: Manifest | undefined, will: Manifest | undefined, moved: string[]): Impact[] {
  const object = (will ?? was)!;
  const ref = refOf(object);
  const tell = (outcome: Outcome, why: string): Impact => ({
    ...{ outcome, subject: { type: 'object', ref }, why, by: [refText(ref)] },
  });
  const [old, now] = [new Set(openingsOf(was)), new Set(openingsOf(will))];
  const [opened, closed] = [[...now.difference(old)], [...old.difference(now)]];
  const elsewhere = was && will ? otherFields(was, will) : [];
  const opens = opened.length === 0 ? [] : [tell('opens', `reachable from outside from then on: ${opened.join(', ')}`)];
  const unknown = [
    ...(closed.length > 0
      ? [`no longer reachable from outside: ${closed.join(', ')}; who uses it there is not watched`]
      : []),
    ...(was !== undefined && will === undefined ? ['its name no longer resolves; who asks for it is not watched'] : []),
    ...moved,
    ...(elsewhere.length > 0
      ? [`it differs in ${elsewhere.join(', ')}: what that does to who uses it is not judged`]
      : []),
  ];
  const told = [...opens, ...unknown.map((why) => tell('unknown', why))];
  return told.length > 0 ? told : [tell('safe', 'it leads where it did, and nothing more is reachable from outside')];
}

/** What the outside may use, as texts: they are compared. */
function openingsOf(object: Manifest | undefined): string[] {
  const spec = object?.['spec'];
  if (object === undefined || spec === undefined) return [];
  if (object.kind === 'Ingress') return [...pathsOf(spec).keys()].map((text) => `Ingress ${text}`);
  const ports: any[] = exposes(object) ? (spec.ports ?? []) : [];
  return [
    ...ports.map(
      ({ protocol = 'TCP', port, nodePort }) =>
        `${spec.type} ${protocol} ${port}${nodePort === undefined ? '' : ` (port ${nodePort} of nodes)`}`,
    ),
    ...(spec.externalIPs ?? []).map((address: string) => `external address ${address}`),
  ];
}

/** The paths of an Ingress, by what requests ask for. */
function pathsOf({ rules, defaultBackend }: Record<string, any>): Map<string, unknown> {
  const paths: [string, unknown][] = (rules ?? []).flatMap(({ host = '*', http }: any) =>
    (http?.paths ?? []).map((path: any) => [`${host}${path.path ?? '/'}`, path]),
  );
  return new Map(defaultBackend ? [...paths, ['*', defaultBackend]] : paths);
}

function otherFields(was: Manifest, will: Manifest): string[] {
  const [old, now]: Record<string, any>[] = [was['spec'] ?? {}, will['spec'] ?? {}] as const;
  const names = [...new Set([...Object.keys(old!), ...Object.keys(now!)])];
  const differs = (name: string) => !isDeepStrictEqual(old![name], now![name]);
  const fields = names
    .filter((name) => !judgedFields.has(name) && !/^(ports|rules|defaultBackend)$/.test(name) && differs(name))
    // What the API fills in when a Service is exposed.
    .filter((name) => !(name === 'externalTrafficPolicy' && old![name] === undefined && now![name] === 'Cluster'));
  const [paths, later] = [pathsOf(old!), pathsOf(now!)];
  const ports =
    was.kind === 'Service' && (old!['ports'] ?? []).some((port: any) => !(now!['ports'] ?? []).some(sameAs(port)));
  return [
    ...fields,
    ...(ports ? ['ports'] : []),
    ...[...paths]
      .filter(([text, path]) => later.has(text) && !isDeepStrictEqual(path, later.get(text)))
      .map(([text]) => `where ${text} leads`),
    ...(isDeepStrictEqual(annotationsOf(was), annotationsOf(will)) ? [] : ['annotations']),
  ];
}

/** Their numbers at nodes are openings. */
const sameAs =
  ({ nodePort: _, protocol = 'TCP', targetPort, ...port }: any) =>
  (other: any): boolean => {
    const { nodePort: __, protocol: otherProtocol = 'TCP', targetPort: otherTarget, ...rest } = other;
    return isDeepStrictEqual(
      { ...port, protocol, targetPort: targetPort ?? port.port },
      { ...rest, protocol: otherProtocol, targetPort: otherTarget ?? rest.port },
    );
  };

/** Controllers of load balancers and Ingresses read theirs. */
const annotationsOf = ({ metadata }: Manifest) => {
  const { [acceptedAnnotation]: _, ...annotations } = metadata.annotations ?? {};
  return annotations;
};
