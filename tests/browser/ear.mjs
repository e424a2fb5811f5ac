// SPDX-License-Identifier: AGPL-3.0-or-later
// Who hears whether an attack got through: every script that a page runs, every host that
// Chromium would speak to.
import { createServer } from 'node:net';

/** A server that Chromium takes for every host but ours; it notes whoever calls. */
export class Ear {
  constructor() {
    this.calls = []; // hosts
    this.server = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (octets) => this.hear(socket, octets));
    });
  }

  open() {
    return new Promise((done) => this.server.listen(0, '127.0.0.1', done));
  }

  /** What makes Chromium call here, whatever host it means; but those that it calls for itself. */
  words() {
    const own = ['google.com', 'googleapis.com', 'gvt1.com', 'gstatic.com'].map((name) => `MAP *.${name} ~NOTFOUND, `).join('');
    const { port } = this.server.address();
    // Chromium would ask before a page speaks to this machine: it is told that the ear is far away.
    return [`--host-resolver-rules=${own}MAP * 127.0.0.1:${port}, EXCLUDE 127.0.0.1`, `--ip-address-space-overrides=127.0.0.1:${port}=public`];
  }

  /** In clear, or the name in a TLS greeting. What was asked for as a script is one. */
  hear(socket, octets) {
    const text = octets.toString('latin1');
    const clear = /^host: *([^\r\n]*)/im.exec(text);
    const sealed = [...text.matchAll(/\0\0[^]{4}\0\0([^])(?=([a-z0-9.-]+))/g)].find(([, length, name]) => name.length >= length.charCodeAt(0));
    const name = clear ? clear[1] : sealed ? sealed[2].slice(0, sealed[1].charCodeAt(0)) : 'an unknown host';
    this.calls.push(name);
    const body = `alert(${/^x(\d+)\./.exec(name)?.[1] ?? 0})`;
    socket.end(`HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  }

  close() {
    return new Promise((done) => this.server.close(done));
  }
}

// In every page and frame, before anything of it.
const bug = () => {
  for (const name of ['alert', 'confirm', 'prompt', 'print'])
    window[name] = (what) => console.log('HEARD', name, String(what));
  addEventListener('securitypolicyviolation', (stopped) => console.log('STOPPED', stopped.effectiveDirective));
};

/** A context without the policy of the pages, unless options say otherwise. */
export async function listen(browser, options) {
  const context = await browser.newContext({ reducedMotion: 'reduce', acceptDownloads: false, locale: 'fr-FR', bypassCSP: true, ...options });
  await context.addInitScript(bug);
  return context;
}

/** Notes page.heard, page.stopped (by the policy) and page.left (where the page itself went to).
 * all: whatever script Chromium compiles is heard, but those of ours. */
export async function openPage(context, ours, all = true) {
  const page = await context.newPage();
  Object.assign(page, { heard: [], stopped: [], left: [] });
  page.on('console', (message) => {
    const text = message.text();
    if (text.startsWith('HEARD ')) page.heard.push(text.slice(6));
    if (text.startsWith('STOPPED ')) page.stopped.push(text.slice(8));
  });
  page.on('dialog', (dialog) => { page.heard.push(dialog.message()); dialog.dismiss().catch(() => {}); });
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame() && /^https?:/.test(request.url()) && !request.url().startsWith(ours))
      page.left.push(request.url());
  });
  if (all) {
    const session = await context.newCDPSession(page);
    session.on('Debugger.scriptParsed', ({ url }) => {
      if (url && !url.startsWith(`${ours}/static/`)) page.heard.push(`a script in ${url}`);
    });
    await session.send('Debugger.enable');
  }
  return page;
}
