// How long threads wait for a processor while other programs have it, as the kernel counts
// that. Where it does not count, no wait is known.
import { existsSync, openSync, readdirSync, readSync } from 'node:fs';

const room = Buffer.alloc(64);

// Such a file says for how many nanoseconds a thread ran, and for how many it waited.
function waitedIn(file) {
  const text = room.toString('latin1', 0, readSync(file, room, 0, room.length, 0));
  return Number(text.split(' ')[1]) / 1e6;
}

// Returns start(), which returns stop(), which returns the ms that it took; `alone`: less the
// waits of one thread of that process, or of this one: of that which has waited for longest.
export function stopwatch(pid) {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  const files = [...threads, '/proc/self'].map((thread) => `${thread}/schedstat`)
    .filter(existsSync).map((file) => openSync(file));
  return () => {
    const [before, begun] = [files.map(waitedIn), performance.now()];
    return () => {
      const took = performance.now() - begun;
      const waits = files.map((file, i) => waitedIn(file) - before[i]);
      return { took, alone: Math.max(0, took - Math.max(0, ...waits)) };
    };
  };
}
