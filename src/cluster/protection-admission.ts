import type { Protection } from '../api/kinds/protection.ts';
import { forbidden, invalid } from '../api/status.ts';
import { notSupported } from '../api/validation/errors.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../server/server.ts';
import { changedBy } from './protection-objects.ts';
import { protections } from './protections.ts';

const group = 'defence.rempart.io';

/**
 * Which modes a protection may be in, and who says so. Every change of a mode is told to whoever makes it and to the
 * audit log, with the command that undoes it.
 */
export const protectionMode: AdmissionPlugin = {
  name: 'ProtectionMode',
  validate(request) {
    const { kind, subresource, operation, user } = request;
    if (kind.group !== group || kind.resource !== 'protections' || subresource !== '') return;
    if (operation === 'UPDATE') return judgeMode(request, request.object as Protection, request.old as Protection);
    if (operation === 'CONNECT' || user.groups.includes('system:masters')) return;
    throw refused(request, 'the cluster makes its protections itself: change spec.mode of one of them instead');
  },
};

function judgeMode(request: AdmissionRequest, object: Protection, old: Protection): void {
  const [before = '', mode = ''] = [old.spec?.mode, object.spec?.mode];
  if (mode === before) return;
  const { name } = request;
  const declared = protections.find(({ id }) => id === name);
  if (declared === undefined) throw refused(request, 'no protection of this version has this name');
  const modes = [declared.default, ...declared.relaxedModes];
  if (!modes.includes(mode)) throw invalid('Protection', group, name, [notSupported('spec.mode', mode, modes)]);
  if (!declared.atRunTime && !request.user.groups.includes('system:masters'))
    throw refused(request, `its mode is decided when the cluster starts: ${changedBy(declared)}`);
  const undo = `kubectl patch protection ${name} --type=merge -p '{"spec":{"mode":"${before}"}}'`;
  request.annotate('defence.rempart.io/mode-change', `${name}: ${before} -> ${mode}; undo: ${undo}`);
  if (mode !== declared.default)
    request.warn(`${declared.what}: this is relaxed from "${before}" to "${mode}". To undo it: ${undo}`);
}

const refused = ({ name }: AdmissionRequest, why: string) => forbidden({ group, resource: 'protections', name }, why);
