// A peer that is silently gone: its socket is there, and takes and acknowledges nothing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('deafen.py', import.meta.url));

export async function deafen({ socket }) {
  const child = spawn('/usr/bin/python3', [script], { stdio: ['ignore', 'inherit', 'inherit', socket] });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
}
