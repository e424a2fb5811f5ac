// SPDX-License-Identifier: AGPL-3.0-or-later
// Every page in Chromium: axe finds nothing in French and English, light and dark, on a phone and a
// desktop; the HTML validates; no script or style stands within a page; nothing is wider than a phone.
// Then what people do (stories.mjs), and what attackers do (hostile.mjs).
// usage: node check.mjs BUILD/preau
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HtmlValidate } from 'html-validate';
import { serveTown, openBrowser, signIn, pagesOf } from './site.mjs';
import { attack } from './hostile.mjs';
import { stories } from './stories.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    'void-style': 'off', 'long-title': 'off', 'no-trailing-whitespace': 'off', 'attribute-boolean-style': 'off',
    'require-sri': 'off', 'prefer-tbody': 'off', 'form-dup-name': 'off', // ticks of one list share their name
    'wcag/h30': 'error', 'no-inline-style': 'error',
  },
});
const LOOKS = [];
for (const lang of ['fr', 'en'])
  for (const colorScheme of ['light', 'dark'])
    for (const [device, width, height] of [['phone', 360, 740], ['desktop', 1280, 900]])
      LOOKS.push({ lang, colorScheme, device, width, height });

let passed = 0;
const failures = [];
const verdict = (name, findings) => {
  if (findings.length === 0) passed++;
  else failures.push(`${name}\n    ${findings.slice(0, 6).join('\n    ')}`);
};

const describe = (violation) => `${violation.id}: ${violation.help}: ${violation.nodes.slice(0, 2).map((node) => node.html.slice(0, 140)).join(' | ')}`;

async function lookAt(page, town, path, look) {
  const mark = path.includes('?') ? '&' : '?';
  await page.goto(`${town.url}${path}${mark}lang=${look.lang}`);
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return { violations: result.violations, wide: document.documentElement.scrollWidth - window.innerWidth };
  });
  const findings = found.violations.map(describe);
  if (found.wide > 0) findings.push(`wider than the screen by ${found.wide} px`);
  return findings;
}

async function checkSource(context, town, path) {
  const answer = await context.request.get(town.url + path, { headers: { 'Accept-Language': 'fr' } });
  const html = await answer.text();
  const report = await validator.validateString(html);
  const findings = report.results.flatMap((result) => result.messages).map((message) => `${message.ruleId}: ${message.message} (line ${message.line})`);
  if (/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)/i.test(html)) findings.push('a script or style stands in the page');
  const policy = answer.headers()['content-security-policy'] ?? '';
  if (!policy.includes("default-src 'none'") || policy.includes('unsafe')) findings.push(`Content-Security-Policy: ${policy}`);
  for (const [name, want] of [['x-content-type-options', 'nosniff'], ['x-frame-options', 'DENY']])
    if (answer.headers()[name] !== want) findings.push(`${name}: ${answer.headers()[name]}`);
  return findings;
}

const town = await serveTown(process.argv[2]);
const browser = await openBrowser();
try {
  const states = { visitor: undefined, moderator: await signIn(browser, town.links[0]), administrator: await signIn(browser, town.links[1]) };
  const pages = await pagesOf(browser, town, states);
  for (const look of LOOKS) {
    for (const who of Object.keys(states)) {
      const context = await browser.newContext({ storageState: states[who], colorScheme: look.colorScheme,
        viewport: { width: look.width, height: look.height }, bypassCSP: true });
      await context.addInitScript(axe);
      const page = await context.newPage();
      for (const [name, path] of pages.filter((row) => row[2] === who))
        verdict(`axe ${name} ${look.lang} ${look.colorScheme} ${look.device}`, await lookAt(page, town, path, look));
      await context.close();
    }
  }
  for (const [name, path, who] of pages) {
    const context = await browser.newContext({ storageState: states[who] });
    verdict(`source ${name}`, await checkSource(context, town, path));
    await context.close();
  }
  for (const [name, story] of stories) {
    try {
      await story({ browser, town, states });
      verdict(`story ${name}`, []);
    } catch (trouble) {
      verdict(`story ${name}`, [String(trouble.stack).slice(0, 900)]);
    }
  }
  await attack(town, verdict);
} finally {
  await browser.close();
  await town.stop();
}
for (const failure of failures) console.log(`FAILED ${failure}`);
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length === 0 ? 0 : 1);
