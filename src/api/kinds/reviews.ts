import { defineKind } from '../define.ts';

/**
 * Questions to the server in the form of objects: they are created, answered at once and never stored. TokenRequest is
 * not here: it is a subresource of ServiceAccount.
 */
const question = (group: string, kind: string, resource: string, namespaced = false) =>
  defineKind({ group, kind, resource, namespaced, verbs: ['create'] });

const authentication = 'authentication.k8s.io';
const authorization = 'authorization.k8s.io';

export const selfSubjectReview = question(authentication, 'SelfSubjectReview', 'selfsubjectreviews');
export const tokenReview = question(authentication, 'TokenReview', 'tokenreviews');
export const localSubjectAccessReview = question(
  authorization,
  'LocalSubjectAccessReview',
  'localsubjectaccessreviews',
  true,
);
export const selfSubjectAccessReview = question(authorization, 'SelfSubjectAccessReview', 'selfsubjectaccessreviews');
export const selfSubjectRulesReview = question(authorization, 'SelfSubjectRulesReview', 'selfsubjectrulesreviews');
export const subjectAccessReview = question(authorization, 'SubjectAccessReview', 'subjectaccessreviews');
