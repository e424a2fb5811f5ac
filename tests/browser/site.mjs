// SPDX-License-Identifier: AGPL-3.0-or-later
// The demo town, served for a while, and a browser to look at it.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createServer } from 'node:net';
import { chromium } from 'playwright-core';

export const top = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const freePort = () => new Promise((done) => {
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

/** Serves the demo town until stop(); links of the moderator and the administrator, identifiers. */
export async function serveTown(preau) {
  const folder = mkdtempSync(join(tmpdir(), 'preau-town-'));
  chmodSync(folder, 0o755); // the roles are other users
  const [http, smtp] = [await freePort(), await freePort()];
  const child = spawn('python3', [join(top, 'scripts/demo.py'), '--preau', preau, '--site', join(folder, 'site'),
    '--http', `127.0.0.1:${http}`, '--smtp', `127.0.0.1:${smtp}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  await new Promise((done, fail) => {
    child.stdout.on('data', (data) => {
      said += data;
      if (said.includes('Ctrl-C')) done();
    });
    child.on('exit', () => fail(new Error(`the demo ended: ${said}`)));
  });
  const site = join(folder, 'site');
  return {
    url: `http://127.0.0.1:${http}`, smtp, site, preau, config: join(site, 'preau.conf'),
    links: [...said.matchAll(/http:\/\/\S+\/ok\/\S+/g)].map((found) => found[0]),
    identifiers: readFileSync(join(site, 'identifiants.txt'), 'utf8').split('\n').filter(Boolean),
    async stop() {
      if (child.exitCode === null) {
        child.removeAllListeners('exit');
        const ended = new Promise((done) => child.on('exit', done));
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** words: more of Chromium's own. */
export function openBrowser(...words) {
  return chromium.launch({
    executablePath: ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find(existsSync),
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--hide-scrollbars', ...words],
  });
}

/** The cookies of somebody who opened a link and pressed its button. */
export async function signIn(browser, link) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.click('main button[type=submit]');
  const state = await context.storageState();
  await context.close();
  return state;
}

/** [name, path, who] of every kind of page; who: visitor, moderator, administrator. */
export async function pagesOf(browser, town, states) {
  const context = await browser.newContext({ storageState: states.administrator });
  const page = await context.newPage();
  await page.goto(`${town.url}/f/voirie`);
  const thread = await page.getAttribute('.threads a', 'href');
  await page.goto(town.url + thread);
  const post = (await page.getAttribute('.post', 'id')).slice(1);
  await page.goto(`${town.url}/admin/rolls`);
  const roll = await page.getAttribute('.threads a', 'href');
  await context.close();
  return [
    ['home', '/', 'visitor'], ['forum', '/f/voirie', 'visitor'], ['thread', thread.split('?')[0], 'visitor'],
    ['search', '/search', 'visitor'], ['found', '/search?q=%C3%A9cole&author=&since=2020-01-01', 'visitor'],
    ['nothing-found', '/search?q=introuvable', 'visitor'],
    ['login', '/login', 'visitor'], ['register', '/register', 'visitor'], ['forgot', '/forgot', 'visitor'],
    ['not-there', '/f/nulle-part', 'visitor'], ['link-over', '/ok/aaaaaaaaaaaaaaaaaaaaaaaaaa', 'visitor'],
    ['unsubscribe', '/u/aaaaaaaaaaaaaaaaaaaaaaaaaa', 'visitor'],
    ['home-signed', '/', 'moderator'], ['forum-signed', '/f/voirie', 'moderator'],
    ['thread-signed', thread.split('?')[0], 'moderator'],
    ['new-thread', '/f/voirie/new', 'moderator'], ['reply', `/p/${post}/reply`, 'moderator'],
    ['account', '/account', 'moderator'], ['password', '/account/password', 'moderator'],
    ['moderate', '/moderate', 'moderator'], ['members', '/moderate/voirie/members', 'administrator'],
    ['journal', '/admin/journal', 'administrator'], ['rolls', '/admin/rolls', 'administrator'],
    ['roll', roll.split('?')[0], 'administrator'], ['forum-settings', '/admin/forums/voirie', 'administrator'],
    ['new-forum', '/admin/forums/new', 'administrator'],
  ];
}
