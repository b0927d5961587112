import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contextOf } from '../judge/judge.ts';
import { judgeOne } from '../judge/verdict.ts';
import { clusterOf, pod } from '../testing/worlds.ts';
import { networkPolicyWithoutPods } from './checks/network-policy-without-pods.ts';
import { examplePolicy } from './policy-example.ts';

test('one pod that it selects is enough, whatever else could not be read; without one, nothing is known', () => {
  const verdictOf = (app: string) => {
    const policy = examplePolicy({ podSelector: { matchLabels: { app } } });
    const unread = [{ kind: 'CronJob.batch', why: 'forbidden' }];
    const snapshot = clusterOf([policy, pod('shop', 'web')], { unread });
    return judgeOne(networkPolicyWithoutPods, policy, contextOf(snapshot)).verdict;
  };
  assert.equal(verdictOf('web'), 'pass');
  assert.equal(verdictOf('wep'), 'not assessed');
});
