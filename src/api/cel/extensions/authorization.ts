import { dnsLabel, dnsSubdomain } from '../../validation/names.ts';
import { type AuthorizationQuestion, currentEvaluation } from '../evaluation.ts';
import type { CelFunc } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

/** A question that is still being put together; JSON in the opaque value. */
type Question = Partial<AuthorizationQuestion>;

/** Source: k8s.io/apiserver/pkg/cel/library/authz.go. Asks as who makes the request, or as a service account. */
export function authorization({ method, make, types }: Toolkit): CelFunc[] {
  const { Authorizer, AuthorizationCheck, AuthorizationDecision, STRING, BOOL } = types;
  const read = (self: unknown): Question => JSON.parse(textOf(self));
  const check = (question: Question) => make('AuthorizationCheck', JSON.stringify(question));
  const sets = (name: keyof Question, as: string = name) =>
    method(AuthorizationCheck, as, [STRING], AuthorizationCheck, (self, value) =>
      check({ ...read(self), [name]: value }),
    );
  return [
    method(Authorizer, 'path', [STRING], AuthorizationCheck, (self, path: string) => {
      if (path === '') throw new Error('path must not be empty');
      return check({ ...read(self), path });
    }),
    method(Authorizer, 'group', [STRING], AuthorizationCheck, (self, group) => check({ ...read(self), group })),
    method(Authorizer, 'serviceAccount', [STRING, STRING], Authorizer, (_self, namespace, name) => {
      if (dnsLabel(namespace)) throw new Error('Invalid service account namespace');
      if (dnsSubdomain(name)) throw new Error('Invalid service account name');
      return make('Authorizer', JSON.stringify({ serviceAccount: { namespace, name } }));
    }),
    sets('resource'),
    sets('subresource'),
    sets('namespace'),
    sets('name'),
    sets('fieldSelector'),
    sets('labelSelector'),
    method(AuthorizationCheck, 'check', [STRING], AuthorizationDecision, (self, verb) =>
      make('AuthorizationDecision', JSON.stringify(answerTo({ ...read(self), verb }))),
    ),
    method(AuthorizationDecision, 'allowed', [], BOOL, (self) => JSON.parse(textOf(self)).allowed),
    method(AuthorizationDecision, 'reason', [], STRING, (self) => JSON.parse(textOf(self)).reason),
    method(AuthorizationDecision, 'errored', [], BOOL, () => false),
    method(AuthorizationDecision, 'error', [], STRING, () => ''),
  ];
}

/** An authorization question costs as much as so many steps. */
const questionCost = 100;

function answerTo(question: Question): object {
  const { budget, authorize } = currentEvaluation();
  if (authorize === undefined) throw new Error('nobody answers questions about rights here');
  budget.spend(questionCost);
  const empty = { group: '', resource: '', subresource: '', namespace: '', name: '', verb: '' };
  return authorize({ ...empty, fieldSelector: '', labelSelector: '', ...question });
}
