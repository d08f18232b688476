// The documents in www/docs, and what in them a test can hold against the code: links,
// headings, and what stands between fences.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const top = fileURLToPath(new URL('../../../', import.meta.url));
export const folder = `${top}www/docs/`;

// As code hosts make the anchors of headings.
const anchorOf = (heading) => heading.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');

export class Document {
  constructor(file) { // from the top of the project
    this.file = file;
    this.text = readFileSync(top + file, 'utf8');
    this.prose = this.text.replace(/^```[^]*?^```$/gm, '');
  }

  // [{language, text}], in order.
  get fences() {
    return [...this.text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)]
      .map(([, language, text]) => ({ language, text }));
  }

  // What stands between fences of that language.
  blocks(language) {
    return this.fences.filter((fence) => fence.language === language).map(({ text }) => text);
  }

  // [{target, anchor}] of the links that lead to files of the project.
  get links() {
    return [...this.prose.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)]
      .map(([, target, anchor]) => ({ target, anchor }));
  }

  get anchors() {
    return [...this.prose.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
  }
}

export const documents = readdirSync(folder).filter((name) => name.endsWith('.md'))
  .map((name) => new Document(`www/docs/${name}`));
