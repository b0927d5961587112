import { acceptedAnnotation, type Protection, reasonLengthMax } from '../../api/kinds/protection.ts';
import { forbidden, invalid } from '../../api/status.ts';
import { notSupported } from '../../api/validation/errors.ts';
import type { AdmissionPlugin, AdmissionRequest } from '../../server/server.ts';
import type { Foreseen, PreviewChanges } from '../previews/preview-changes.ts';
import { changedBy } from './objects.ts';
import { isRelaxed, protections } from './protections.ts';

const group = 'defence.rempart.io';
/** A refusal names so many of what would break; `rempart preview` names all. */
const shownMax = 5;

/**
 * Which modes a protection may be in, and who says so. A mode that would break something is refused, naming it, unless
 * that is accepted with a reason. Every change is told to whoever makes it and to the audit log, with its undo.
 */
export const protectionMode = (previewChanges: PreviewChanges): AdmissionPlugin => ({
  name: 'ProtectionMode',
  validate(request) {
    const { kind, subresource, operation, user } = request;
    if (kind.group !== group || kind.resource !== 'protections' || subresource !== '') return undefined;
    if (operation === 'UPDATE') return judgeUpdate(request, previewChanges);
    if (operation === 'CONNECT' || user.groups.includes('system:masters')) return undefined;
    throw refused(request, 'the cluster makes its protections itself: change spec.mode of one of them instead');
  },
});

async function judgeUpdate(request: AdmissionRequest, previewChanges: PreviewChanges): Promise<void> {
  const { name, user } = request;
  const [object, old] = [request.object as Protection, request.oldObject as Protection];
  const [before = '', mode = ''] = [old.spec?.mode, object.spec?.mode];
  if (mode === before) return;
  const declared = protections.find(({ id }) => id === name);
  if (declared === undefined) throw refused(request, 'no protection of this version has this name');
  const modes = [declared.default, ...declared.relaxedModes];
  if (!modes.includes(mode)) throw invalid('Protection', group, name, [notSupported('spec.mode', mode, modes)]);
  // Which mode it starts in is known to the start alone, which is in system:masters.
  const starting = user.groups.includes('system:masters');
  if (!declared.atRunTime && !starting)
    throw refused(request, `its mode is decided when the cluster starts: ${changedBy(declared)}`);
  if (declared.atRunTime && !starting) judgeImpact(request, await previewChanges([{ put: object }], request.lookup));
  const undo = `kubectl patch protection ${name} --type=merge -p '{"spec":{"mode":"${before}"}}'`;
  request.annotate('defence.rempart.io/mode-change', `${name}: ${before} -> ${mode}; undo: ${undo}`);
  if (mode !== declared.default)
    request.warn(
      `${declared.what}: this is ${isRelaxed(declared, mode) ? 'relaxed' : 'tightened'} from "${before}" to "${mode}". ` +
        `To undo it: ${undo}`,
    );
}

function judgeImpact(request: AdmissionRequest, { broken, unknown }: Foreseen): void {
  const { name, object, oldObject: old, annotate, warn } = request;
  const command = `rempart preview --protection ${name}=${object!['spec'].mode}`;
  if (unknown > 0) warn(`${unknown} more may break, and nothing that was observed tells: ${command}`);
  if (broken.length === 0) return;
  const reason = object!.metadata.annotations?.[acceptedAnnotation];
  if (reason !== undefined && reason.trim() !== '' && reason !== old!.metadata.annotations?.[acceptedAnnotation]) {
    annotate(acceptedAnnotation, `${broken.length} break: ${reason.slice(0, reasonLengthMax)}`);
    warn(`${broken.length} break, which was accepted: ${reason}`);
    return;
  }
  const more = broken.length > shownMax ? `; and ${broken.length - shownMax} more` : '';
  throw refused(
    request,
    `${broken.length} would break: ${broken.slice(0, shownMax).join('; ')}${more}. ` +
      `All of it: ${command}. To do it all the same, set the annotation ${acceptedAnnotation} to a reason ` +
      `that is not there yet, in the same change (or: ${command} --apply --accept REASON)`,
  );
}

const refused = ({ name }: AdmissionRequest, why: string) => forbidden({ group, resource: 'protections', name }, why);
