import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { admitConnections } from './listener.ts';

/** A connection from this address, as far as it is looked at before TLS. */
function connectionFrom(remoteAddress: string) {
  const socket = Object.assign(new EventEmitter(), { remoteAddress, destroyed: false, destroy });
  function destroy() {
    socket.destroyed = true;
    socket.emit('close');
  }
  return socket as unknown as Socket;
}

function doorman(connectionsMax: number, connectionsPerAddressMax: number) {
  const accepted = new Set<Socket>();
  const bounds = { connectionsMax, connectionsPerAddressMax };
  const accept = admitConnections(bounds, { allow: (address) => address !== '192.0.2.9' }, (socket) => {
    accepted.add(socket);
  });
  return (address: string) => {
    const socket = connectionFrom(address);
    accept(socket);
    assert.equal(socket.destroyed, !accepted.has(socket), 'who is not let in is cut off');
    return socket;
  };
}

test('one address has its part of the connections, and gets a place back when it closes one', () => {
  const connect = doorman(10, 2);
  const first = connect('10.244.0.5');
  assert.equal(connect('10.244.0.5').destroyed, false);
  assert.equal(connect('10.244.0.5').destroyed, true);
  assert.equal(connect('10.244.0.6').destroyed, false);
  first.destroy();
  assert.equal(connect('10.244.0.5').destroyed, false);
});

test('the machine itself may have all of them, and nobody more than all', () => {
  const connect = doorman(4, 1);
  for (const address of ['127.0.0.1', '127.0.0.1', '::ffff:127.0.0.1', '::1'])
    assert.equal(connect(address).destroyed, false, address);
  assert.equal(connect('127.0.0.1').destroyed, true);
});

test('however many others are connected, the machine itself has places left', () => {
  const connect = doorman(12, 1);
  for (let number = 1; number <= 10; number++) assert.equal(connect(`10.244.0.${number}`).destroyed, false);
  assert.equal(connect('10.244.0.11').destroyed, true);
  for (let count = 0; count < 2; count++) assert.equal(connect('127.0.0.1').destroyed, false);
});

test('who is not on the allow-list takes no place', () => {
  const connect = doorman(1, 1);
  assert.equal(connect('192.0.2.9').destroyed, true);
  assert.equal(connect('127.0.0.1').destroyed, false);
});
