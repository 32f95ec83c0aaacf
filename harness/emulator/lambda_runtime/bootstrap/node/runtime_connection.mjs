// How do requests and answers of the Runtime API travel? As HTTP/1.1 written by hand: the one server is the emulator,
// whose answers all have a Content-Length, and node:http takes longer for a request than most handlers.

import net from 'node:net';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const { connect } = net; // code under test may replace it
const END_OF_HEAD = Buffer.from('\r\n\r\n');
const idle = [open()];

/** Sends a request and waits for its answer: `{headers, body}`, names of headers in lower case. */
export async function exchange(method, path, json, fields = {}) {
  const connection = idle.pop() ?? open();
  const answer = await connection(requestBytes(method, path, json, fields));
  idle.push(connection);
  return answer;
}

function requestBytes(method, path, json, fields) {
  const lines = [`${method} /2018-06-01/runtime${path} HTTP/1.1`, `Host: ${host}:${port}`];
  for (const [name, value] of Object.entries(fields)) lines.push(`${name}: ${value}`);
  if (json === undefined) return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
  const body = Buffer.from(json);
  lines.push('Content-Type: application/json', `Content-Length: ${body.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

// A connection, as the function that sends a request on it. It keeps the process alive only while it waits.
function open() {
  const socket = connect({ host, port: Number(port), noDelay: true });
  let read = () => {};
  let fail = () => {};
  let failure;
  const end = (error) => {
    failure ??= error;
    fail(failure);
  };
  socket.on('data', (chunk) => read(chunk));
  socket.on('error', end);
  socket.on('close', () => end(new Error('the Runtime API has closed its connection')));
  socket.unref();
  return async (request) => {
    socket.ref();
    try {
      return await new Promise((resolve, reject) => {
        read = reader(resolve);
        fail = reject;
        if (failure) reject(failure);
        else socket.write(request);
      });
    } finally {
      socket.unref();
    }
  };
}

// Takes the chunks of one answer, and resolves when it is complete.
function reader(resolve) {
  const chunks = [];
  let size = 0;
  let head;
  return (chunk) => {
    chunks.push(chunk);
    size += chunk.length;
    head ??= headOf(chunks);
    if (head === undefined || size < head.bodyAt + head.length) return;
    const whole = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    resolve({ headers: head.headers, body: whole.toString('utf8', head.bodyAt) });
  };
}

function headOf(chunks) {
  const begin = Buffer.concat(chunks);
  const end = begin.indexOf(END_OF_HEAD);
  if (end < 0) return undefined;
  const headers = {};
  for (const line of begin.latin1Slice(0, end).split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, bodyAt: end + END_OF_HEAD.length, length: Number(headers['content-length']) };
}
