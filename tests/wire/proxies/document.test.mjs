// www/docs/proxies.md, and what authentication.md says of proxies, is so: their lines for proxies stand in the recipes,
// which recipes.test.mjs runs. What else it says documents.test.mjs holds against the code.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Document, top } from '../lib/document.mjs';
import { test } from '../lib/test.mjs';

const blocksOf = (file, proxy) => new Document(`www/docs/${file}.md`).blocks(proxy);
const lines = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

for (const proxy of ['nginx', 'haproxy']) {
  test(`every line for ${proxy} in the documents stands in a recipe`, () => {
    const recipes = readdirSync(`${top}/docker/${proxy}`).flatMap((file) => (
      lines(readFileSync(`${top}/docker/${proxy}/${file}`, 'utf8'))));
    const blocks = [...blocksOf('proxies', proxy), ...blocksOf('authentication', proxy)];
    assert.ok(blocks.length > 0, `nothing for ${proxy}`);
    for (const line of blocks.flatMap(lines)) assert.ok(recipes.includes(line), line);
  });
}
