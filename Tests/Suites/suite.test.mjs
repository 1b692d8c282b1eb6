// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import test from 'node:test';

const kept = [];

async function connection(leaks) {
  // By default node closes a connection whose other end has.
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect(listener.address().port, '127.0.0.1');
  const [server] = await once(listener, 'connection');
  const ended = once(server.resume(), 'end');
  client.end();
  await ended;
  if (leaks) kept.push(server.unref());
  else server.end();
  client.unref();
  listener.close();
}

test('before', () => connection(false));
test('planted', () => connection(process.env.LEAK === '1'));
test('after', () => connection(false));
