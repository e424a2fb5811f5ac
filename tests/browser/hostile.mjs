// SPDX-License-Identifier: AGPL-3.0-or-later
// Attacks on readers, by every way in, looked at in Chromium.
//
// First with the policy of the pages taken away: what the house writes is enough by itself. No script
// runs, nobody else is called, no element or attribute stands there but those of the list; a second
// parser, Chromium and the writer read the same; reading it once more changes nothing. Then the policy
// alone: the raw payloads in a page with its headers as they are served. And half of them once more
// without both, where most must be heard: else nothing was proved.
// usage: node hostile.mjs BUILD/preau    XSS_COUNT (3000), XSS_SEED (1), XSS_RAW (300)
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathToFileURL } from 'node:url';
import { parseFragment, serialize } from 'parse5';
import { Ear, listen, openPage } from './ear.mjs';
import { makeMarkdown, makePayloads, onLine } from './payloads.mjs';
import { openBrowser, serveTown, signIn } from './site.mjs';

const COUNT = Number(process.env.XSS_COUNT ?? 3000), SEED = Number(process.env.XSS_SEED ?? 1), RAW = Number(process.env.XSS_RAW ?? 300);
const A_THREAD = 250; // mails
const NAME_MAX = 180, SUBJECT_MAX = 280, QUERY_MAX = 190;
const CALM = ['Calme', 'Une voix *calme*, deux', 'calme.txt'];
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

const run = promisify(execFile);
const preau = async (town, verb, ...words) => (await run(town.preau, [verb, '--config', town.config, ...words], { maxBuffer: 1 << 28 })).stdout;
const act = (town, name, fields) => preau(town, 'act', name, ...Object.entries(fields).map(([field, value]) => `${field}=${value}`));

/** Rows of the book, as lists. */
async function rows(town, sql) {
  const program = 'import json,sqlite3,sys;print(json.dumps(sqlite3.connect(f"file:{sys.argv[1]}?mode=ro",uri=True,timeout=10).execute(sys.argv[2]).fetchall()))';
  const { stdout } = await run('python3', ['-c', program, join(town.site, 'data/preau.db'), sql], { maxBuffer: 1 << 28 });
  return JSON.parse(stdout);
}

// ---- mails ----

/** RFC 2047, in words of 45 octets. */
function encodedWords(text) {
  const words = [];
  let word = '';
  for (const letter of text) {
    if (Buffer.byteLength(word + letter) > 45) { words.push(word); word = ''; }
    word += letter;
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\n ');
}

const wrapped = (octets) => Buffer.from(octets).toString('base64').replace(/.{76}/g, '$&\n');
const percent = (text) => encodeURIComponent(text).replace(/[*'()]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

function part(type, octets, name) {
  const disposition = name === undefined ? '' : `Content-Disposition: attachment; filename*=UTF-8''${percent(name)}\n`;
  return `--part\nContent-Type: ${type}\n${disposition}Content-Transfer-Encoding: base64\n\n${wrapped(octets)}\n`;
}

/** row: { id, head (of its discussion), name, subject, type, body, files: [[type, octets, name]] } */
function mail(row) {
  const answers = row.head && row.head !== row.id ? `In-Reply-To: <${row.head}@xss.example>\nReferences: <${row.head}@xss.example>\n` : '';
  return `From: ${encodedWords(row.name)} <${row.id}@xss.example>\nTo: x@x.example\nSubject: ${encodedWords(row.subject)}\nMessage-ID: <${row.id}@xss.example>\n${answers}` +
    `Date: Thu, 1 Oct 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=part\n\n${part(row.type ?? 'text/html; charset=utf-8', row.body)}` +
    `${(row.files ?? []).map((file) => part(...file)).join('')}--part--\n`;
}

/** Into a forum of its own, by import; { id: { post, thread, html } }. */
async function post(town, forum, mails) {
  const file = join(town.site, `${forum}.mbox`);
  await act(town, 'forum.create', { slug: forum, name: `Forum ${forum}` });
  writeFileSync(file, mails.map((row) => `From x@xss.example Thu Oct  1 10:00:00 2026\n${mail(row)}\n`).join(''));
  await preau(town, 'import', forum, file);
  rmSync(file);
  const found = await rows(town, `SELECT p.message_id, p.id, p.thread, p.html FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = '${forum}'`);
  const posts = Object.fromEntries(found.map(([id, number, thread, html]) => [id.split('@')[0], { post: number, thread, html }]));
  assert.equal(found.length, mails.length, 'mails that became no post');
  return posts;
}

// ---- looking at a page ----

/** In the page: what is not on the list, the kinds of element around the texts, the texts. */
function survey([ours, frames]) {
  const RICH = { p: [], br: [], hr: [], a: ['href', 'rel'], ol: ['start'], ul: [], li: [],
    details: ['class'], summary: [], em: [], strong: [], blockquote: [], code: [], pre: [], del: [], h3: [], h4: [], h5: [], h6: [] };
  const kinds = new Set(), wrong = [], texts = [];
  const documents = frames ? [...document.querySelectorAll('iframe')].map((frame) => frame.contentDocument) : [document];
  const place = (element) => `${element.closest('article')?.id ?? ''} ${element.ownerDocument.title}: ${element.outerHTML.slice(0, 200)}`;
  for (const element of documents.flatMap((one) => [...one.querySelectorAll('*')])) {
    const names = element.getAttributeNames(), tag = element.localName, rich = element.parentElement?.closest('.prose') != null;
    const list = rich ? RICH[tag] : names;
    if (!list || names.some((name) => !list.includes(name)) || element.namespaceURI !== 'http://www.w3.org/1999/xhtml') wrong.push(place(element));
    if (names.some((name) => /^on|^style$|^srcdoc$|^ping$|^formaction$|:/.test(name)) || element.shadowRoot) wrong.push(place(element));
    for (const name of ['href', 'src', 'action', 'data', 'srcset', 'poster', 'background'].filter((name) => element.hasAttribute(name))) {
      const value = element.getAttribute(name), url = URL.canParse(value, document.baseURI) ? new URL(value, document.baseURI) : null;
      const follows = rich ? /^(https?:\/\/|mailto:)/i.test(value) && (!url || /^(https?|mailto):$/.test(url.protocol)) // a host that cannot be leads nowhere
        : url && (url.origin === ours || (tag === 'a' && url.protocol === 'mailto:'));
      if (!follows) wrong.push(place(element));
    }
    const said = names.map((name) => (/^(id|name|rel|type|http-equiv)$/.test(name) ? `${name}=${element.getAttribute(name).replace(/\d+/g, 'N')}` : name));
    if (!rich) kinds.add(`${tag} ${said.sort().join(' ')}`);
    if (element.classList.contains('prose')) texts.push([Number(element.closest('article')?.id.slice(1) ?? 0), element.innerHTML]);
  }
  for (const one of documents) {
    const comment = one.createTreeWalker(one, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_PROCESSING_INSTRUCTION).nextNode();
    if (comment) wrong.push(`a comment: ${comment.data.slice(0, 100)}`);
  }
  return { kinds: [...kinds], wrong, texts };
}

const known = new Set(); // kinds of element that the house's own pages are made of

/** The page just opened, or each of its frames, is harmless: what stands there is of the theme. */
async function learn(page, town, frames) {
  const { kinds, wrong } = await page.evaluate(survey, [town.url, frames]);
  assert.deepEqual(wrong, []);
  kinds.forEach((kind) => known.add(kind));
}

/** The page just opened has payloads; its texts are answered. */
async function judge(page, town, what, frames) {
  const { kinds, wrong, texts } = await page.evaluate(survey, [town.url, frames]);
  assert.deepEqual(wrong.slice(0, 5), [], what);
  assert.deepEqual(kinds.filter((kind) => !known.has(kind)), [], `${what}: elements that no harmless page has`);
  assert.deepEqual(page.heard, [], what);
  assert.deepEqual(page.left, [], what);
  return texts;
}

/** What was written, as serialisers say it again: the browser read the tree that was meant. */
const canonical = (html) => html.replace(/<pre>\n/g, '<pre>').replace(/\u00a0/g, '&nbsp;').replace(/(<[^>]*>)|&quot;/g, (all, tag) => tag ?? '"');

function checkTree(written, read, what) {
  assert.equal(read, canonical(written), `${what}: Chromium reads something else`);
  assert.equal(serialize(parseFragment(written)), canonical(written), `${what}: parse5 reads something else`);
}

/** Opens an address; a page that Chromium keeps as a file is none. */
async function open(page, url) {
  try {
    return await page.goto(url);
  } catch (trouble) {
    if (/Download is starting|net::ERR_ABORTED/.test(trouble.message)) return null;
    throw trouble;
  }
}

/** Pages in frames, twenty at a time: as they are served, read by Chromium with scripts allowed. */
async function inFrames(page, town, paths, look) {
  for (let at = 0; at < paths.length; at += 20) {
    const some = paths.slice(at, at + 20);
    await page.goto(`${town.url}/login`);
    await page.evaluate(async (urls) => {
      document.body.replaceChildren();
      await Promise.all(urls.map(async (url) => {
        const frame = document.createElement('iframe');
        frame.srcdoc = await (await fetch(url)).text();
        await new Promise((done) => { frame.onload = done; document.body.append(frame); });
      }));
    }, some);
    await look(page, town, some.join('\n'), true);
  }
}
const learnAll = (page, town, paths) => inFrames(page, town, paths, (one, where) => learn(one, where, true));

async function withPage({ browser, town }, state, work, options = {}) {
  const context = await listen(browser, { storageState: state, ...options });
  try {
    await work(await openPage(context, town.url), context);
  } finally {
    await context.close();
  }
}

// ---- the stories ----

const takeFrom = (list, start) => (at) => list[(at + start) % list.length].text;

/** Each payload as the body of a mail; others as the name of its author, its subject, the names of its files. */
async function byMail(stage) {
  const { town, payloads } = stage;
  const name = takeFrom(payloads, 700), subject = takeFrom(payloads, 1400), file = takeFrom(payloads, 2100);
  const calm = CALM.map((text, at) => ({ id: `calm${at}`, head: 'calm0', name: text, subject: text, body: `<p>${text}</p>`, files: [['image/gif', GIF, text], ['text/plain', text, text]] }));
  const mails = payloads.map(({ number, text }, at) => ({
    id: `n${number}`, head: `n${payloads[at - (at % A_THREAD)].number}`, name: onLine(name(at), NAME_MAX) || 'x', subject: onLine(subject(at), SUBJECT_MAX) || 'x',
    type: at % 10 === 9 ? 'text/plain; charset=utf-8' : undefined, body: at % 10 === 9 ? `Charge ${number}\n\n${text}` : `<p>Charge ${number}</p>${text}`,
    files: at % 3 ? [] : [['image/gif', GIF, onLine(file(at), NAME_MAX)], ['text/html', text, onLine(file(at + 1), NAME_MAX)]],
  }));
  const quiet = await post(town, 'xss-calme', calm), posts = await post(town, 'xss', mails);
  const byPost = new Map(Object.entries(posts).map(([id, found]) => [found.post, { id, ...found }]));
  let seen = 0;
  await withPage(stage, undefined, async (page) => {
    for (const path of [`/t/${quiet.calm0.thread}`, '/f/xss-calme', '/', '/t/1']) { await page.goto(town.url + path); await learn(page, town); }
    for (const thread of new Set(Object.values(posts).map((found) => found.thread))) {
      await page.goto(`${town.url}/t/${thread}`);
      for (const [number, read] of await judge(page, town, `discussion ${thread}`)) {
        checkTree(byPost.get(number).html, read, byPost.get(number).id);
        seen++;
      }
    }
    for (const path of ['/f/xss', '/']) { await page.goto(town.url + path); await judge(page, town, path); }
  });
  assert.equal(seen, mails.length);
  const files = mails.reduce((sum, row) => sum + row.files.length, 0);
  console.log(`attacks by mail: ${mails.length} bodies, ${mails.length} names, ${mails.length} subjects, ${files} file names`);
  stage.thread = quiet.calm0.thread;
  stage.written = mails.filter((row) => !row.type).map((row) => posts[row.id].html); // in a plain mail blanks count
}

/** How the writer's HTML is said when it comes as a mail: folds are a matter of marks that mail
 * programs leave, not of ours; a heading of a mail stands one below those of the page. */
const asMail = (html) => html.replace(/<details class="\w+">\n<summary>([^<]*)<\/summary>\n/g, '<p>$1</p>\n').replace(/<\/details>\n/g, '')
  .replace(/(<\/?h)([345])/g, (all, before, level) => before + (Number(level) + 1));

/** What the writer has written, sent as a mail once more: it says the same again. */
async function readAgain({ town, written }) {
  const once = [...new Set(written)];
  const posts = await post(town, 'xss-again', once.map((html, at) => ({ id: `again${at}`, name: 'Encore', subject: `Encore ${at}`, body: html })));
  const other = once.map((html, at) => [asMail(html), posts[`again${at}`].html]).filter(([meant, read]) => meant !== read);
  assert.deepEqual(other.slice(0, 8), [], `${other.length} say something else`);
  console.log(`read once more: ${once.length} texts`);
}

/** Previews, many payloads in each: the Markdown of the web, and the subject beside it. */
async function inMarkdown(stage) {
  const { town, states, payloads } = stage;
  const markdown = makeMarkdown(Math.ceil(COUNT / 5), SEED), html = payloads.slice(0, Math.ceil(COUNT / 5));
  const pages = [['calme']];
  for (const list of [markdown, html]) for (let at = 0; at < list.length; at += 100) pages.push(list.slice(at, at + 100).map(({ text }) => text));
  await withPage(stage, states.moderator, async (page) => {
    for (const texts of pages) {
      await page.goto(`${town.url}/f/entraide/new`);
      await page.fill('[name=subject]', onLine(texts[0], 150) || 'x');
      await page.fill('#text', texts.join('\n\n'));
      const [answer] = await Promise.all([page.waitForNavigation(), page.click('button[name=preview]')]);
      if (texts === pages[0]) { await learn(page, town); continue; }
      const written = /<div class="prose">([^]*?)<\/div>\n<\/section>/.exec(await answer.text())[1];
      const [[, read]] = await judge(page, town, texts[0]);
      checkTree(written, read, texts[0]);
    }
  });
  console.log(`attacks in Markdown: ${markdown.length} of its own, ${html.length} of HTML`);
}

/** Does acts, four at a time; how many were refused. */
async function acts(town, list) {
  let refused = 0;
  const worker = async () => {
    for (let next = list.shift(); next; next = list.shift())
      await act(town, ...next).catch((trouble) => { if (trouble.code === undefined) throw trouble; refused++; });
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return refused;
}

/** Names and descriptions of forums, people and rolls, reasons of moderators. */
async function inFields(stage) {
  const { town, states, payloads } = stage;
  let at = 0;
  const next = (most) => onLine(payloads[at++ % payloads.length].text, most) || 'x';
  const fields = (key, forum, word, post) => [
    ['forum.create', { slug: `${key}f`, name: word(NAME_MAX), theme: word(NAME_MAX), description: word(900) }],
    ['person.create', { name: word(NAME_MAX), address: `${key}p@xss.example`, verified: 1 }],
    ['subscription.set', { forum, address: `${key}p@xss.example`, mode: 'each' }],
    ['roll.create', { name: word(NAME_MAX), source: word(NAME_MAX), purpose: word(900) }],
    ['organisation.create', { name: word(NAME_MAX), kind: 'association' }],
    ['post.hide', { post, why: word(900) }],
  ];
  const [[calmPost]] = await rows(town, "SELECT p.id FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'xss-calme' ORDER BY p.id DESC LIMIT 1");
  const hidden = await rows(town, "SELECT p.id FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'xss' ORDER BY p.id LIMIT 10");
  const sets = [fields('calm', 'xss-calme', () => 'Calme', calmPost), ...hidden.map(([post], key) => fields(`k${key}`, 'xss', next, post))];
  let refused = 0;
  const calm = ['/', '/search', '/f/calmf', '/admin/forums/calmf', '/moderate/xss-calme/members', '/moderate/xss-calme/journal', '/admin/rolls', '/admin/rolls/1', '/admin/journal', `/t/${stage.thread}`];
  for (const one of sets.shift()) await act(town, ...one);
  await withPage(stage, states.administrator, (page) => learnAll(page, town, calm));
  for (const place of sets[0].keys()) refused += await acts(town, sets.map((set) => set[place]));
  assert.ok(refused < 10, `${refused} were refused`);
  const roll = await rows(town, 'SELECT id FROM roll ORDER BY id');
  const [[thread]] = await rows(town, "SELECT p.thread FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'xss' ORDER BY p.id LIMIT 1");
  const pages = ['/', '/search', ...hidden.flatMap((row, key) => [`/f/k${key}f`, `/admin/forums/k${key}f`]), '/moderate/xss/members', '/moderate/xss/journal', '/admin/journal', '/admin/rolls',
    ...roll.slice(-10).map(([id]) => `/admin/rolls/${id}`), `/t/${thread}`];
  await withPage(stage, states.administrator, async (page) => {
    await inFrames(page, town, pages, judge);
  });
  console.log(`attacks in fields: ${at} of forums, people, rolls, organisations and reasons, ${pages.length} pages`);
}

/** What is searched, and addresses that are not there: both are said again on the page. */
async function inAddresses(stage) {
  const { town, payloads } = stage;
  const ways = [
    (a, b, c, d, e) => `/search?q=${a}&author=${b}&forum=${c}&order=${d}&lang=${e}`,
    (a, b, c, d) => `/search?q=${a}&since=${b}&until=${c}&place=${d}`,
    (a, b) => `/search?q=alert ${a}&${b}=1`,
    (a, b) => `/f/${a}?${b}`,
    (a, b) => `/t/1-${a}?x=${b}`,
    (a, b, c) => `/${a}/${b}?${c}`,
    (a) => `/m/${a}`,
    (a) => `/a/aaaaaaaaaaaaaaaaaaaaaaaaaa/${a}`,
    (a) => `/static/aaaaaaaaaaaa/${a}`,
    (a) => `/accent/${a}.css`,
    (a, b) => `/login?next=${a}&lang=${b}`,
    (a, b, c) => `/register?next=${a}&identifier=${b}&name=${c}`,
    (a, b) => `/forgot?address=${a}&x=${b}`,
    (a, b) => `/ok/aaaaaaaaaaaaaaaaaaaaaaaaaa?${a}=${b}`,
    (a, b) => `/u/aaaaaaaaaaaaaaaaaaaaaaaaaa?${a}=${b}`,
    (a, b) => `/f/voirie?after=${a}&lang=${b}`,
    (a, b) => `/t/1?place=${a}&after=${b}`,
    (a, b) => `/?lang=${a}&${b}`,
  ];
  let at = 0;
  const next = () => encodeURIComponent(onLine(payloads[at++ % payloads.length].text, QUERY_MAX) || 'x');
  const paths = [];
  while (at < COUNT / 8) paths.push(ways[paths.length % ways.length](...Array.from({ length: ways[paths.length % ways.length].length }, next)));
  await withPage(stage, undefined, async (page) => {
    for (const word of ['calme', 'alert', 'fr']) await learnAll(page, town, ways.map((way) => way(word, word, word, word, word)));
    await inFrames(page, town, paths, judge);
    for (const path of paths.slice(0, ways.length)) { await page.goto(town.url + path); await judge(page, town, path); }
  });
  console.log(`attacks in addresses: ${at} in ${paths.length} searches and errors`);
}

const SVG = 'xmlns="http://www.w3.org/2000/svg"', XHTML = 'xmlns="http://www.w3.org/1999/xhtml"', SCRIPT = '<script>alert(1)</script>';
const FILES = [
  ['image/svg+xml', `<svg ${SVG}>${SCRIPT}</svg>`, 'a.svg'],
  ['image/svg+xml', `<svg ${SVG} onload="alert(1)"/>`, 'b.svg'],
  ['image/png', `<svg ${SVG} onload="alert(1)"/>`, 'c.png'],
  ['text/html', SCRIPT, 'd.html'],
  ['text/html; charset=utf-7', '+ADw-script+AD4-alert(1)+ADw-/script+AD4-', 'e.html'],
  ['application/xhtml+xml', `<html ${XHTML}>${SCRIPT}</html>`, 'f.xhtml'],
  ['text/xml', `<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>`, 'g.xml'],
  ['application/xml', `<?xml-stylesheet type="text/xsl" href="#x"?><x id="x" ${XHTML}>${SCRIPT}</x>`, 'h.xml'],
  ['text/xsl', `<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/"><script ${XHTML}>alert(1)</script></xsl:template></xsl:stylesheet>`, 'i.xsl'],
  ['text/javascript', 'alert(1)', 'j.js'],
  ['application/javascript', 'alert(1)', 'k.mjs'],
  ['text/css', '*{background:url(http://x1.evil.example/)}', 'l.css'],
  ['application/json', 'alert(1)', 'm.json'],
  ['text/plain', SCRIPT, 'n.txt'],
  ['unknown/unknown', SCRIPT, 'o'],
  ['multipart/x-mixed-replace', SCRIPT, 'p'],
  ['message/rfc822', `Content-Type: text/html\n\n${SCRIPT}`, 'q.mht'],
  ['application/pdf', '%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj', 'r.pdf'],
  ['image/gif', `GIF89a=1;alert(1)/*${SCRIPT}*/`, 's.gif'],
  ['text/html', `GIF89a${SCRIPT}`, 't.html'],
  ['image/png', `\x89PNG\r\n\x1a\n${SCRIPT}`, 'u.html'],
  ['image/jpeg', `\xff\xd8\xff${SCRIPT}`, 'v.svg'],
  ['image/webp', `RIFF=1;/*WEBP*/alert(1)//${SCRIPT}`, 'w.js'],
  ['text/html', `\ufeff${SCRIPT}`, 'x.gif'],
  ['text/vtt', `WEBVTT\n\n00:00.000 --> 00:01.000\n${SCRIPT}`, 'y.vtt'],
  ['application/manifest+json', '{"start_url":"javascript:alert(1)"}', 'z.webmanifest'],
  ['application/hta', SCRIPT, 'a.hta'],
  ['application/x-shockwave-flash', 'FWS\x05alert(1)', 'b.swf'],
  ['image/svg+xml', `<!DOCTYPE svg [<!ENTITY x "${SCRIPT.replaceAll('"', '')}">]><svg ${SVG}>&x;</svg>`, 'c.svgz'],
  ['text/html', `<meta http-equiv=refresh content="0;url=http://x2.evil.example/">`, 'd.htm'],
];

/** Attached documents: none is shown but images that are some; nothing in one runs. */
async function inAttachments(stage) {
  const { town } = stage;
  const posts = await post(town, 'xss-files', FILES.map(([type, text, name], at) => ({ id: `file${at}`, head: 'file0', name: 'Fichier',
    subject: `Fichier ${at}`, body: `<p>Fichier ${at}</p>`, files: [[type, Buffer.from(text, /[\x80-\xff]/.test(text) ? 'latin1' : 'utf8'), name]] })));
  const found = await rows(town, "SELECT a.public, a.name FROM attachment a JOIN post p ON p.id = a.post JOIN forum f ON f.id = p.forum WHERE f.slug = 'xss-files'");
  assert.equal(found.length, FILES.length);
  const urls = found.map(([id, name]) => `/a/${id}/${encodeURIComponent(name)}`);
  await withPage(stage, undefined, async (page) => {
    for (const url of urls) {
      const shown = await open(page, town.url + url);
      if (shown) assert.match(await page.evaluate(() => document.contentType), /^image\/(png|jpeg|gif|webp)$/, url);
      assert.deepEqual(page.heard, [], url);
    }
    await page.goto(`${town.url}/t/${posts.file0.thread}`); // its pictures are in it
    assert.deepEqual(page.heard, []);
  });
  stage.files = urls;
  console.log(`attacks in attachments: ${urls.length} documents`);
}

/** Feeds: XML in which no text became an element, and whose HTML is what was written. */
async function inFeeds(stage) {
  const { town } = stage;
  const NAMES = ['feed', 'id', 'title', 'updated', 'link', 'entry', 'author', 'name', 'published', 'content'];
  const threads = await rows(town, "SELECT DISTINCT p.thread FROM post p JOIN forum f ON f.id = p.forum WHERE f.slug = 'xss'");
  const paths = ['/f/xss/feed', ...threads.slice(0, 4).map(([id]) => `/t/${id}/feed`)];
  await withPage(stage, undefined, async (page) => {
    for (const path of paths) {
      await page.goto(town.url);
      const wrong = await page.evaluate(async ([path, names]) => {
        const read = new DOMParser().parseFromString(await (await fetch(path)).text(), 'application/xml');
        return [...read.querySelectorAll('*')].filter((element) => !names.includes(element.localName) || element.namespaceURI !== 'http://www.w3.org/2005/Atom').map((element) => element.outerHTML.slice(0, 200));
      }, [path, NAMES]);
      assert.deepEqual(wrong, [], path);
      await open(page, town.url + path);
      assert.deepEqual([page.heard, page.left], [[], []], path);
    }
  });
  console.log(`attacks in feeds: ${paths.length} feeds`);
}

// ---- the policy alone ----

/** In the page: whatever waits for somebody to touch it is touched. */
function provoke() {
  for (const element of document.querySelectorAll('*')) {
    for (const name of element.getAttributeNames())
      if (name.startsWith('on')) element.dispatchEvent(new Event(name.slice(2)));
    const leads = element.getAttribute('href') ?? element.getAttribute('xlink:href') ?? '';
    if (/^[\s\u0000-\u001f]*(javascript|data|vbscript):/i.test(leads) && element.matches('a, area, a *')) element.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }));
    if (element.matches('[formaction], form[action] button, input[type=image], [popovertarget]') && element.closest('.prose')) element.click();
  }
}

/** The raw payload stands in a page with the headers of ours. `off`: it is seen that it is not of the list. */
async function openRaw(town, page, payload, thread) {
  const became = { ...payload, heard: [], stopped: [], left: [], off: true };
  Object.assign(page, { heard: became.heard, stopped: became.stopped, left: became.left, payload });
  try {
    await page.goto(`${town.url}/t/${thread}?raw=${payload.number}`, { timeout: 60000 });
    became.off = (await page.evaluate(survey, [town.url])).wrong.length > 0;
    await page.evaluate(provoke);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  } catch (trouble) { // it led the page away
    if (!/context was destroyed|interrupted by another|ERR_|frame was detached/i.test(trouble.message)) throw trouble;
  }
  return became;
}

/** What became of each payload. */
async function allRaw(stage, raw, policy) {
  const { town, thread } = stage;
  const context = await listen(stage.browser, { bypassCSP: false });
  const real = await context.request.get(`${town.url}/t/${thread}`);
  const headers = Object.fromEntries(Object.entries(real.headers()).filter(([name]) => !/^(content-length|transfer-encoding|content-encoding|connection)$/.test(name)));
  assert.match(headers['content-security-policy'], /default-src 'none'/);
  if (!policy) delete headers['content-security-policy'];
  const queue = [...raw], found = [];
  const worker = async () => {
    const page = await openPage(context, town.url, false);
    await page.route(/[?]raw=/, (route) => route.fulfill({ status: 200, headers, body: `<!DOCTYPE html><title>x</title><main><div class="prose">${page.payload.text}</div></main>` }));
    for (let payload = queue.shift(); payload; payload = queue.shift()) found.push(await openRaw(town, page, payload, thread));
  };
  await Promise.all([worker(), worker(), worker()]);
  await context.close();
  return found;
}

async function policyAlone(stage) {
  const { payloads, files, ear } = stage;
  const raw = payloads.slice(0, RAW); // the vectors as they are come first
  const own = files.map((url, at) => ({ number: 800000 + at, vector: 'a file of the house',
    text: `<script src="${url}"></script><link rel=stylesheet href="${url}"><iframe src="${url}"></iframe><object data="${url}"></object>` }));
  const called = () => new Set(ear.calls.splice(0).map((host) => Number(/^x(\d+)\./.exec(host)?.[1] ?? 0)));
  called();
  const kept = await allRaw(stage, [...raw, ...own], true), calls = called();
  const bare = await allRaw(stage, raw.slice(0, Math.ceil(RAW / 2)), false), bareCalls = called();
  // A policy says nothing of where the page itself goes: those are counted, and nothing but them.
  const left = kept.filter((one) => one.left.length > 0);
  assert.deepEqual(kept.filter((one) => one.heard.length > 0), [], 'scripts that ran in spite of the policy');
  const others = [...calls].filter((number) => !left.some((one) => one.number === number));
  assert.deepEqual(others.map((number) => kept.find((one) => one.number === number) ?? number), [], 'hosts called in spite of the policy');
  assert.deepEqual(left.filter((one) => !/http-equiv/i.test(one.text)).map((one) => one.text), [], 'pages that were left');
  const heard = bare.filter((one) => one.heard.length > 0 || bareCalls.has(one.number));
  const silent = heard.filter(({ number }) => kept.find((one) => one.number === number).stopped.length === 0 && !left.some((one) => one.number === number));
  assert.deepEqual(silent.map((one) => one.text), [], 'heard without the policy, and the policy does not say that it stopped them');
  assert.deepEqual(kept.filter((one) => !one.off && heard.some(({ number }) => number === one.number)).map((one) => one.text), [], 'heard, and not seen to be off the list');
  assert.ok(heard.length * 2 > bare.length, `only ${heard.length} of ${bare.length} were heard without the policy`);
  console.log(`the policy alone: ${kept.length} raw payloads stopped but ${left.length} that lead the page away; without it ${heard.length} of ${bare.length} are heard`);
}

export const hostile = [
  ['attacks by mail', byMail], ['written HTML read once more', readAgain], ['attacks in Markdown', inMarkdown], ['attacks in fields', inFields], ['attacks in addresses', inAddresses],
  ['attacks in attachments', inAttachments], ['attacks in feeds', inFeeds], ['the policy of the pages alone', policyAlone],
];

/** Runs all of them in a town that is there; say(name, findings) hears of each. */
export async function attack(town, say) {
  const ear = new Ear();
  await ear.open();
  const browser = await openBrowser(...ear.words());
  try {
    const stage = { town, browser, ear, payloads: makePayloads(COUNT, SEED) };
    const admin = (await act(town, 'session.link', { address: 'administration@mairie.example', life: 86400 })).match(/url=(\S+)/)[1];
    const moderator = (await act(town, 'session.link', { address: 'denise.roux@mairie.example', life: 86400 })).match(/url=(\S+)/)[1];
    stage.states = { moderator: await signIn(browser, moderator), administrator: await signIn(browser, admin) };
    for (const [name, story] of hostile) {
      const began = Date.now();
      try {
        await story(stage);
        if (story !== policyAlone) assert.deepEqual(ear.calls.splice(0), [], 'hosts that were called');
        say(name, []);
      } catch (trouble) {
        say(name, [String(trouble.stack).slice(0, 3000)]);
      }
      if (process.env.XSS_TIMES) console.log(name, (Date.now() - began) / 1000);
    }
  } finally {
    await browser.close();
    await ear.close();
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const town = await serveTown(process.argv[2]);
  let failed = 0;
  try {
    await attack(town, (name, findings) => {
      for (const finding of findings) console.log(`FAILED ${name}\n    ${finding}`);
      failed += findings.length;
    });
  } finally {
    await town.stop();
  }
  console.log(`${hostile.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}
