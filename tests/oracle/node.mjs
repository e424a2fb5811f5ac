// SPDX-License-Identifier: AGPL-3.0-or-later
// What Node reads: each line of the input is {"kind": ..., "octets": base64}, each answer a line.
// http: the requests that its strict parser takes from a connection, whole or not, and its refusal.
// target: path and query by the URL standard. url: where a link leads.
import http from 'node:http';
import readline from 'node:readline';
import { Duplex } from 'node:stream';

class Wire extends Duplex {
  _read() {}
  _write(chunk, encoding, done) { done(); }
  _final(done) { done(); }
  setTimeout() { return this; }
  setNoDelay() { return this; }
  setKeepAlive() { return this; }
}

function readHttp(octets) {
  return new Promise((resolve) => {
    const requests = [];
    let bad = null;
    const server = http.createServer({ insecureHTTPParser: false, requireHostHeader: true, maxHeaderSize: 16384 }, (request, response) => {
      const one = { method: request.method, target: request.url, minor: request.httpVersionMinor, fields: [], body: '', complete: false };
      for (let i = 0; i < request.rawHeaders.length; i += 2)
        one.fields.push([request.rawHeaders[i], request.rawHeaders[i + 1]]);
      requests.push(one);
      request.setEncoding('latin1');
      request.on('data', (part) => { one.body += part; });
      request.on('end', () => { one.complete = request.complete; response.end(); });
      request.on('error', () => {});
    });
    server.on('clientError', (error, wire) => { bad = error.code ?? String(error); wire.destroy(); });
    const wire = new Wire();
    wire.on('error', () => {});
    wire.on('close', () => {
      clearTimeout(late);
      server.close();
      resolve({ requests, bad });
    });
    // A connection that neither side closes: nothing more will come.
    const late = setTimeout(() => wire.destroy(), 5000);
    server.emit('connection', wire);
    wire.push(octets);
    wire.push(null);
    wire.on('end', () => setImmediate(() => setImmediate(() => setImmediate(() => wire.destroy()))));
  });
}

function readTarget(octets) {
  const url = new URL('http://forum.ville.example' + octets.toString('latin1'));
  const answer = { path: null, query: [...url.searchParams], host: url.host };
  try {
    answer.path = url.pathname === '/' ? [] : url.pathname.slice(1).split('/').map(decodeURIComponent);
  } catch {
    // not UTF-8: it has no parts
  }
  return answer;
}

function readUrl(octets) {
  try {
    const url = new URL(octets.toString('utf8'), 'https://forum.ville.example/t/1');
    return { protocol: url.protocol, host: url.host, username: url.username, password: url.password, href: url.href };
  } catch (error) {
    return { bad: String(error) };
  }
}

const kinds = { http: readHttp, target: readTarget, url: readUrl };
for await (const line of readline.createInterface({ input: process.stdin })) {
  const { kind, octets } = JSON.parse(line);
  const answer = await kinds[kind](Buffer.from(octets, 'base64'));
  process.stdout.write(JSON.stringify(answer) + '\n');
}
