// SPDX-License-Identifier: Apache-2.0
//
// node's test runner: names each test to closewatch run. Does nothing without it. Node has no
// datagrams over unix sockets, so it is UDP.
//
//   node --import ./closewatch.mjs --test
import { createSocket } from 'node:dgram';
import { relative } from 'node:path';
import { after, beforeEach } from 'node:test';

const place = process.env.CLOSEWATCH_RUN_UDP?.split(':');

function say(words) {
  if (!place) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const speaker = createSocket('udp4');
    const timer = setTimeout(() => done(new Error('closewatch does not answer')), 30_000);
    function done(error) {
      clearTimeout(timer);
      speaker.close();
      if (error) reject(error);
      else resolve();
    }
    speaker.once('message', () => done());
    speaker.once('error', done);
    speaker.send(words, Number(place[1]), place[0]);
  });
}

// The process that only starts the files of a suite has no test.
const file = relative('.', process.argv[1] ?? '');
if (file) {
  beforeEach((test) => say(`test ${file}: ${test.name}`));
  after(() => say('end'));
}
