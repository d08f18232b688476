// Waiting for what happens, never for time to pass. Deadlines are generous: they end
// a test that hangs, and prove nothing, also where ten programs want the processor.
export const PATIENCE = 60_000;

export function deadline(what, promise, patience = PATIENCE) {
  let timer;
  const late = new Promise((resolve, reject) => {
    // A wait that nobody needs any more must not keep the process.
    timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), patience).unref();
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Asks again until the answer is true: for what announces itself by no event.
export async function until(what, question, patience = PATIENCE) {
  const end = Date.now() + patience;
  while (!await question()) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

// What arrives is put in; next() takes it out in order, waiting when there is nothing.
export class Inbox {
  #items = [];
  #waiting = [];

  put(item) {
    const taker = this.#waiting.shift();
    if (taker) taker(item);
    else this.#items.push(item);
  }

  next(what = 'something arrives', patience = PATIENCE) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return deadline(what, new Promise((resolve) => this.#waiting.push(resolve)), patience);
  }

  async take(count, what) {
    const taken = [];
    while (taken.length < count) taken.push(await this.next(what));
    return taken;
  }

  get length() { return this.#items.length; }
}
