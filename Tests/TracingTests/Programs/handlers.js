// SPDX-License-Identifier: Apache-2.0
// Two handlers that read alike. One closes; which it is depends on the first byte that it is sent.
const net = require('net');

const kept = [];

function leaking(socket) {
  socket.on('end', function onEnd() { kept.push(socket); });
}

function clean(socket) {
  socket.on('end', function onEnd() { socket.end(); });
}

const handlers = { u: leaking, d: clean };

net.createServer({ allowHalfOpen: true }, (socket) => {
  socket.once('data', (bytes) => handlers[String.fromCharCode(bytes[0])](socket));
}).listen(0, '127.0.0.1', function listening() {
  console.log(this.address().port);
});
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
