/*
 * The tiles and the plots. What was seen in the last quarter of an hour stays in the tab's
 * own storage, so that a reload of the page does not lose it.
 */
import { Plot } from './plot.js';
import { inBytes, number } from './table.js';

const KEPT_MS = 15 * 60_000;
const STORE = 'figures';

function stored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(STORE));
    return kept !== null && Date.now() - kept.at < KEPT_MS ? kept : null;
  } catch {
    return null; /* of another version, or no storage */
  }
}

export class Figures {
  #began = Date.now();
  #before = null;
  #page;
  #most;
  #kept = null; // of the transports' plot, until their names are known
  #plots;
  #tiles;

  /* `page` has the elements by their ids, `every` is the time between two looks. */
  constructor(page, every) {
    const most = Math.ceil(KEPT_MS / every);

    this.#page = page;
    this.#most = most;
    this.#plots = {
      rates: new Plot(page.rates, ['messages', 'deliveries'], { most }),
      bytes: new Plot(page.bytes, ['in', 'out'], { most }),
      queued: new Plot(page.queued, ['KiB queued', 'slow consumers'], { most }),
    };
    this.#tiles = Object.fromEntries(
      [...page.tiles.querySelectorAll('[data-of]')].map((tile) => [tile.dataset.of, tile]));
    this.#restore();
    addEventListener('pagehide', () => this.#store());
  }

  /*
   * The gateway's first answer says which transports there are. What was kept of others, as
   * another version names them, is dropped.
   */
  #plotTransports(names) {
    if (this.#plots.transports) return;
    this.#plots.transports = new Plot(this.#page.transports, names, { most: this.#most });
    if (String(this.#kept?.names) === String(names)) this.#plots.transports.restore(this.#kept.data);
    this.#kept = null;
  }

  #restore() {
    const kept = stored();
    if (kept === null) return;
    this.#kept = { names: kept.transports, data: kept.plots.transports };
    this.#began = kept.began;
    this.#before = kept.before;
    for (const [name, data] of Object.entries(kept.plots)) this.#plots[name]?.restore(data);
  }

  #store() {
    const plots = Object.fromEntries(Object.entries(this.#plots).map(([name, plot]) => [name, plot.data]));
    try {
      sessionStorage.setItem(STORE, JSON.stringify({
        at: Date.now(), began: this.#began, before: this.#before,
        transports: this.#plots.transports?.names, plots,
      }));
    } catch {
      /* The storage is full or forbidden: the plots begin anew. */
    }
  }

  /* An answer of /admin/overview. */
  show(now) {
    const before = this.#before ?? now;
    const seconds = (now.at - before.at) / 1000; /* negative: the gateway was started anew */
    const since = (of) => (seconds > 0 ? Math.max(0, now[of] - before[of]) / seconds : 0);
    const sessions = Object.values(now.sessions).reduce((sum, count) => sum + count, 0);
    const shown = {
      sessions: number.format(sessions), messages: number.format(since('messages')),
      deliveries: number.format(since('deliveries')), bytes_in: inBytes(since('bytes_in')),
      bytes_out: inBytes(since('bytes_out')), queued: inBytes(now.queued), slow: number.format(now.slow),
      subscriptions: number.format(now.subscriptions), destinations: number.format(now.destinations),
      refused: number.format(now.refused), memory: inBytes(now.memory),
    };

    for (const [of, text] of Object.entries(shown)) this.#tiles[of].textContent = text;
    this.#plotTransports(Object.keys(now.sessions));
    this.#plot(now, since);
    this.#before = now;
  }

  #plot(now, since) {
    const { transports, rates, bytes, queued } = this.#plots;
    const time = (Date.now() - this.#began) / 1000;

    transports.names.forEach((transport, i) => transports.add(time, i, now.sessions[transport]));
    ['messages', 'deliveries'].forEach((of, i) => rates.add(time, i, since(of)));
    ['bytes_in', 'bytes_out'].forEach((of, i) => bytes.add(time, i, since(of) / 1024));
    queued.add(time, 0, now.queued / 1024);
    queued.add(time, 1, now.slow);
    Object.values(this.#plots).forEach((plot) => plot.draw());
  }
}
