// SPDX-License-Identifier: AGPL-3.0-or-later
// Pictures of every page, for people: node shots.mjs BUILD/preau FOLDER [NAME ...]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { serveTown, openBrowser, signIn, pagesOf } from './site.mjs';

const [preau, folder, ...only] = process.argv.slice(2);
// Every page as a phone and a desktop have it, in French; some in English and in the dark too.
const EVERYWHERE = [['phone', 360, 'light', 'fr'], ['desktop', 1280, 'light', 'fr']];
const ALSO = [['phone', 360, 'dark', 'en'], ['desktop', 1280, 'dark', 'fr'], ['desktop', 1280, 'light', 'en']];
const CHOSEN = ['home', 'forum', 'thread', 'moderate', 'register', 'account'];

const town = await serveTown(preau);
const browser = await openBrowser();
try {
  mkdirSync(folder, { recursive: true });
  const states = { moderator: await signIn(browser, town.links[0]), administrator: await signIn(browser, town.links[1]) };
  const pages = await pagesOf(browser, town, states);
  for (const [name, path, who] of pages.filter((row) => only.length === 0 || only.includes(row[0])))
    for (const [device, width, colorScheme, lang] of [...EVERYWHERE, ...(CHOSEN.includes(name) ? ALSO : [])]) {
      const context = await browser.newContext({ storageState: states[who], colorScheme, reducedMotion: 'reduce',
        viewport: { width, height: device === 'phone' ? 740 : 900 }, locale: lang });
      const page = await context.newPage();
      await page.goto(`${town.url}${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      const height = Math.min(await page.evaluate(() => document.documentElement.scrollHeight), 2400);
      await page.screenshot({ path: join(folder, `${name}-${device}-${colorScheme}-${lang}.png`), fullPage: true, clip: { x: 0, y: 0, width, height } });
      await context.close();
    }
} finally {
  await browser.close();
  await town.stop();
}
