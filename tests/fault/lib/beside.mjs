// Runs a crowd in a process of its own, where it can be killed and keeps nobody waiting.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { deadline } from '../../wire/lib/wait.mjs';

const PATIENCE = 120_000;

// A script of this folder that writes a line when all of its clients are there.
export async function beside(keep, script, ...args) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await keep({ abort: () => child.kill('SIGKILL') });
  const gone = once(child, 'exit').then(([code]) => { throw new Error(`${script} ended with ${code}`); });
  gone.catch(() => {});
  await deadline(`${script} is there`, Promise.race([once(child.stdout, 'data'), gone]), PATIENCE);
  return child;
}
