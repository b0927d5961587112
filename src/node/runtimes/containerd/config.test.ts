import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerdConfig } from './config.ts';

const paths = { root: '/r', state: '/s', socket: '/s/c.sock', cniConfDir: '/c', cniBinDirs: ['/nowhere'] };
const plain = { mayRaiseOomScore: true, hasAppArmor: true, hasHugePages: true };
const poor = { mayRaiseOomScore: false, hasAppArmor: false, hasHugePages: false };

test('1.x reads one CRI table, 2.x three', () => {
  const old = containerdConfig(1, paths, plain);
  assert.match(old, /^version = 2$/m);
  assert.match(old, /^\["plugins"\."io\.containerd\.grpc\.v1\.cri"\]\nsandbox_image = "rempart\.local\/pause:1"$/m);
  const recent = containerdConfig(2, paths, plain);
  assert.match(recent, /^version = 3$/m);
  assert.match(recent, /^\["plugins"\."io\.containerd\.cri\.v1\.images"\."pinned_images"\]\nsandbox = /m);
  assert.match(recent, /^\["plugins"\."io\.containerd\.cri\.v1\.runtime"\."containerd"\."runtimes"\."runc"\]$/m);
});

test('what the machine lacks is not asked of it', () => {
  for (const major of [1, 2]) {
    assert.match(containerdConfig(major, paths, poor), /^disable_apparmor = true\nrestrict_oom_score_adj = true$/m);
    assert.match(containerdConfig(major, paths, plain), /^disable_apparmor = false\nrestrict_oom_score_adj = false$/m);
  }
});

test('nothing of the system is shared', () => {
  const config = containerdConfig(2, paths, plain);
  assert.doesNotMatch(config, /\/run\/containerd|\/var\/lib\/containerd|\/opt\/containerd/);
  assert.match(config, /io\.containerd\.nri\.v1\.nri/);
  // Without a word runc keeps every containerd's containers in /run/containerd/runc.
  for (const major of [1, 2]) assert.match(containerdConfig(major, paths, plain), /^Root = "\/s\/runc"$/m);
});
