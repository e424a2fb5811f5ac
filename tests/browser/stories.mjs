// SPDX-License-Identifier: AGPL-3.0-or-later
// What people do, in a real browser, with scripts and without.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'node:net';
import { top } from './site.mjs';

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

/** The newest mail to an address in the folder of mails that were sent. */
async function mailTo(town, address, seconds = 20) {
  const folder = join(town.site, 'outgoing');
  for (let turn = 0; turn < seconds * 10; turn++) {
    const found = readdirSync(folder).filter((name) => name.endsWith('.eml')).sort().reverse()
      .map((name) => readFileSync(join(folder, name), 'utf8')).find((text) => text.includes(`Delivered-To: ${address}`));
    if (found) return found.replace(/=\r?\n/g, '').replace(/=3D/g, '=');
    await sleep(100);
  }
  throw new Error(`no mail to ${address}`);
}

async function sendMail(town, from, forum, headers, body) {
  const domain = 'forums.saint-aubin.example';
  const lines = [`EHLO test`, `MAIL FROM:<${from}>`, `RCPT TO:<${forum}@${domain}>`, 'DATA',
    `From: <${from}>\r\nTo: <${forum}@${domain}>\r\nMessage-ID: <${Date.now()}.${Math.random()}@test.example>\r\n${headers}\r\n\r\n${body}\r\n.`, 'QUIT'];
  await new Promise((done, fail) => {
    const socket = createConnection(town.smtp, '127.0.0.1');
    let text = '';
    socket.on('data', (data) => {
      text += data;
      while (/^\d{3} .*\r\n/m.test(text)) {
        const at = text.search(/^\d{3} .*\r\n/m);
        text = text.slice(text.indexOf('\r\n', at) + 2);
        if (lines.length) socket.write(`${lines.shift()}\r\n`);
      }
    });
    socket.on('end', done).on('error', fail);
  });
}

/** From the printed sheet to a published reply: at most seven screens. */
function fromSheetToReply(javaScriptEnabled) {
  return async ({ browser, town }) => {
    const address = `jeanne${javaScriptEnabled ? 1 : 2}@courriel.example`;
    const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce', locale: 'fr-FR' });
    const page = await context.newPage();
    const screens = [];
    page.on('framenavigated', () => screens.push(page.url()));
    await page.goto(`${town.url}/t/1`);
    assert.match(await page.textContent('#reply'), /Pour participer, vous devez vous enregistrer au préalable/);
    await page.click('#reply a[href^="/register"]');
    await page.fill('#identifier', town.identifiers[javaScriptEnabled ? 0 : 1].toLowerCase().replaceAll('-', ' '));
    await page.fill('#name', 'Jeanne Petit');
    await page.fill('#address', address);
    await page.click('main form button[type=submit]');
    assert.match(await page.textContent('main'), new RegExp(address));
    const link = (await mailTo(town, address)).match(/http:\/\/\S+\/ok\/\S+/)[0];
    await page.goto(link);
    await page.click('main button[type=submit]');
    assert.match(page.url(), /\/t\/1/);
    const words = `Je viens de m’inscrire (${javaScriptEnabled ? 'avec' : 'sans'} script).`;
    await page.fill('#text', words);
    await page.click('button[name=send]');
    assert.match(await page.textContent('.posts'), new RegExp(words.replace(/[()]/g, '.')));
    assert.ok(new Set(screens).size <= 7, screens.join('\n'));
    await context.close();
  };
}

/** By keyboard alone, from the top of the page, until nothing waits. */
function emptyQueue(javaScriptEnabled) {
  return async ({ browser, town, states }) => {
    await sendMail(town, `passant${javaScriptEnabled}@ailleurs.example`, 'voirie', 'Subject: Une question', 'Bonjour, qui peut me dire ?');
    const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce', storageState: states.moderator, locale: 'fr-FR' });
    const page = await context.newPage();
    await sleep(1500);
    await page.goto(`${town.url}/moderate`);
    let left = await page.locator('.held').count();
    assert.ok(left > 0, 'nothing waits');
    for (let turn = 0; turn < 20 && left > 0; turn++) {
      let pressed = false;
      for (let step = 0; step < 120 && !pressed; step++) {
        await page.keyboard.press('Tab');
        pressed = await page.evaluate(() => {
          const here = document.activeElement;
          return here?.matches('.held button[value=approve]') && getComputedStyle(here).outlineStyle !== 'none';
        });
      }
      assert.ok(pressed, 'the button is not reached, or its focus is not seen');
      await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
      const now = await page.locator('.held').count();
      assert.equal(now, left - 1);
      left = now;
    }
    assert.match(await page.textContent('main'), /Rien n’attend|Rien/);
    await context.close();
  };
}

function writeWithPreview(javaScriptEnabled) {
  return async ({ browser, town, states }) => {
    const context = await browser.newContext({ javaScriptEnabled, reducedMotion: 'reduce', storageState: states.moderator, locale: 'fr-FR' });
    const page = await context.newPage();
    await page.goto(`${town.url}/f/entraide/new`);
    await page.fill('[name=subject]', `Aperçu ${javaScriptEnabled}`);
    await page.fill('#text', 'Une liste :\n\n- *un*\n- **deux**');
    await page.click('button[name=preview]');
    assert.equal(await page.locator('.preview li').count(), 2);
    await page.click('button[name=send]');
    assert.equal(await page.locator('.post li strong').count(), 1);
    await context.close();
  };
}

/** Naughty strings in the fields of people: shown as typed, and nothing of them runs. */
async function naughtyStrings({ browser, town, states }) {
  const strings = JSON.parse(readFileSync(join(top, 'tests/data/html/blns.json'), 'utf8'))
    .filter((text) => text.length > 0 && text.length <= 80 && text === text.trim() && !/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|\s{2}/.test(text));
  const context = await browser.newContext({ reducedMotion: 'reduce', bypassCSP: true, storageState: states.moderator });
  const page = await context.newPage();
  const ran = [];
  page.on('dialog', (dialog) => { ran.push(dialog.message()); dialog.dismiss(); });
  for (let at = 0; at < strings.length; at += 9) {
    await page.goto(`${town.url}/search?q=${encodeURIComponent(strings[at])}`);
    const shown = await page.inputValue('#q');
    assert.ok(shown === strings[at] || shown === '', strings[at]);
    await page.goto(`${town.url}/account`);
    await page.fill('#name', strings[at]);
    await page.click('form[action^="/account"] button[type=submit]');
    const kept = await page.inputValue('#name');
    assert.equal(kept.replace(/\s/g, ' '), strings[at].normalize === undefined ? strings[at] : strings[at].replace(/\s/g, ' '), strings[at]);
  }
  await page.goto(`${town.url}/account`);
  await page.fill('#name', 'Denise Roux');
  await page.click('form[action^="/account"] button[type=submit]');
  assert.deepEqual(ran, []);
  await context.close();
}

export const stories = [
  ['from a printed sheet to a reply', fromSheetToReply(true)],
  ['from a printed sheet to a reply, without scripts', fromSheetToReply(false)],
  ['a moderator empties the queue by keyboard', emptyQueue(true)],
  ['a moderator empties the queue by keyboard, without scripts', emptyQueue(false)],
  ['writing with a preview', writeWithPreview(true)],
  ['writing with a preview, without scripts', writeWithPreview(false)],
  ['naughty strings', naughtyStrings],
];
