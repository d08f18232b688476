// Makes pages of the documents: document-pages.mjs FROM TO. FROM has Markdown; its README.md becomes
// the front page, and the order of its links that of the navigation.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Marked } from 'marked';

const FRONT = 'README.md';
const [from, to] = process.argv.slice(2);
const read = (name) => readFileSync(path.join(from, name), 'utf8');

// How a document is called, and where its page is.
const titleOf = (name) => read(name).match(/^# (.*)$/m)[1];
const pageOf = (name) => (name === FRONT ? './' : name.replace(/\.md$/, '.html'));

const escape = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

// As code hosts make the anchors of headings.
const anchorOf = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');

// Where a long name may go on in the next line of a narrow column.
const breakable = (text) => text.split(/(?<=[(_,=])(?=[\w"])|(?<=\.)(?=[a-z]{2})|(?<=\w)(?=\/)|(?<=[a-z])(?=[A-Z])/).map(escape).join('<wbr>');
let isInTable = false;

const renderer = {
  codespan({ text }) {
    return `<code>${isInTable ? breakable(text) : escape(text)}</code>`;
  },
  heading({ tokens, depth, text }) {
    return `<h${depth} id="${anchorOf(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
  },
  // What has no language is a picture of characters, whose lines must not be broken.
  code({ text, lang }) {
    return `<pre tabindex="0"${lang ? '' : ' class="picture"'}><code>${escape(text)}</code></pre>\n`;
  },
  // A table that is too wide scrolls by itself. On a phone each row is a card, whose cells say
  // by themselves what they are; the roles are for browsers that then take it for no table.
  table({ header, rows }) {
    const cell = (tag, role, { tokens }, label) => (
      `<${tag} role="${role}"${label ? ` data-label="${escape(label)}"` : ''}>${this.parser.parseInline(tokens)}</${tag}>`);
    isInTable = true;
    const line = (cells) => `<tr role="row">${cells.join('')}</tr>\n`;
    const labels = header.map(({ text }) => text.replaceAll('`', ''));
    const head = line(header.map((one) => cell('th', 'columnheader', one)));
    const body = rows.map((row) => line(row.map((one, i) => cell('td', i === 0 ? 'rowheader' : 'cell', one, i > 0 && labels[i]))));
    isInTable = false;
    return '<div class="scroll stacking" tabindex="0">'
      + `<table class="stack columns-${header.length}" role="table">\n`
      + `<thead role="rowgroup">${head}</thead>\n<tbody role="rowgroup">${body.join('')}</tbody></table></div>\n`;
  },
  // A document is its page, what lies beside it a page of the demo. Other files of the project are
  // not served: their names stand there instead.
  link({ href, tokens }) {
    const [, target, anchor] = href.match(/^([^#]*)(#.*)?$/);
    if (target.startsWith('../../')) return `<code>${escape(target.slice('../../'.length))}</code>`;
    const where = /^[\w-]+\.md$/.test(target) ? pageOf(target) : target;
    return `<a href="${escape(where + (anchor ?? ''))}">${this.parser.parseInline(tokens)}</a>`;
  },
};

const marked = new Marked({ renderer });

const bodyOf = (name) => marked.parse(read(name));

function navigation(names, current) {
  const items = names.map(([name, title]) => (
    `      <li><a href="${pageOf(name)}"${name === current ? ' aria-current="page"' : ''}>${escape(title)}</a></li>`));
  return `<nav aria-label="Documents">\n    <ul>\n${items.join('\n')}\n    </ul>\n  </nav>`;
}

const page = (name, names) => `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escape(titleOf(name))} · Postern</title>
  <link rel="icon" href="../icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="../style.css">
</head>
<body class="document">
  <header>
    <a class="brand" href="../"><img src="../icon.svg" alt="" width="24" height="24">Postern</a>
  </header>
  ${navigation(names, name)}
  <main>
${bodyOf(name)}  </main>
</body>
</html>
`;

// [name, how the front page calls it]
const inOrder = [[FRONT, titleOf(FRONT)],
  ...[...read(FRONT).matchAll(/^- \[(.*)\]\((.*)\)/gm)].map(([, title, name]) => [name, title])];
const all = readdirSync(from).filter((name) => name.endsWith('.md'));
const missing = all.filter((name) => !inOrder.some(([named]) => named === name));
if (missing.length > 0) throw new Error(`${FRONT} does not name ${missing}`);

mkdirSync(to, { recursive: true });
for (const name of all) {
  const file = name === FRONT ? 'index.html' : pageOf(name);
  writeFileSync(path.join(to, file), page(name, inOrder));
}
