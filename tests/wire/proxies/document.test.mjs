// www/docs/proxies.md says nothing that is not so: its lines for proxies stand in the recipes,
// which recipes.test.mjs runs. What else it says documents.test.mjs holds against the code.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { Document, top } from '../lib/document.mjs';
import { test } from '../lib/test.mjs';

const document = new Document('www/docs/proxies.md');
const lines = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

for (const proxy of ['nginx', 'haproxy']) {
  test(`every line for ${proxy} in the document stands in a recipe`, () => {
    const recipes = readdirSync(`${top}/docker/${proxy}`).flatMap((file) => (
      lines(readFileSync(`${top}/docker/${proxy}/${file}`, 'utf8'))));
    const blocks = document.blocks(proxy);
    assert.ok(blocks.length > 0, `nothing for ${proxy}`);
    for (const line of blocks.flatMap(lines)) assert.ok(recipes.includes(line), line);
  });
}
