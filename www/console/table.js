/* Numbers and tables as the console shows them. */
export const number = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

export function inBytes(value) {
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (value < 1024 || unit === 'GiB') return `${number.format(value)} ${unit}`;
    value /= 1024;
  }
  return '';
}

export function inTime(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

export function buttonOf(text, label, act) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'quiet';
  button.textContent = text;
  button.setAttribute('aria-label', label);
  button.addEventListener('click', act);
  return button;
}

function rowOf(cells) {
  const row = document.createElement('tr');
  const head = document.createElement('th');
  head.scope = 'row';
  row.append(head);
  for (let i = 1; i < cells; i += 1) row.append(document.createElement('td'));
  return row;
}

function setText(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/* Numbers by size, texts by their letters; what is missing comes last either way. */
function compare(a, b, sign) {
  if (a === b) return 0;
  if (a === undefined || a === '') return 1;
  if (b === undefined || b === '') return -1;
  return sign * (typeof a === 'number' ? a - b : a.localeCompare(b));
}

/*
 * A table whose rows have names. A column is {value, text, isText}: what it is sorted by,
 * what is shown (by default the value), and whether it stands on the left. A cell whose
 * column has no value, or whose text is null, is made once, with its row, by `make`. Rows that stay are kept, so that a focus
 * or a selection stays too.
 */
export class Table {
  #rows = new Map();
  #items = [];
  #sorted = null; /* {column, sign}; null: in the order of their coming */

  constructor(body, columns, make = () => {}) {
    this.body = body;
    this.columns = columns;
    this.make = make;
    this.heads = [...body.parentElement.tHead.rows[0].cells];
    columns.forEach(({ value }, index) => { if (value) this.#makeSortable(index); });
    columns.forEach(({ isText }, index) => this.heads[index].classList.toggle('text', isText === true));
  }

  #makeSortable(index) {
    const head = this.heads[index];
    const button = buttonOf(head.textContent, `Sort by ${head.textContent}`, () => this.#sortBy(index));
    button.className = 'sorts';
    head.replaceChildren(button);
  }

  #sortBy(column) {
    const isAgain = this.#sorted?.column === column;
    this.#sorted = { column, sign: isAgain ? -this.#sorted.sign : 1 };
    this.heads.forEach((head, index) => {
      if (index !== column) head.removeAttribute('aria-sort');
      else head.setAttribute('aria-sort', this.#sorted.sign > 0 ? 'ascending' : 'descending');
    });
    this.#arrange();
  }

  #rowOf(name, item) {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row = rowOf(this.columns.length);
    this.columns.forEach(({ isText }, index) => row.cells[index].classList.toggle('text', isText === true));
    this.make(row, item);
    this.#rows.set(name, row);
    return row;
  }

  /* `nameOf` gives the name of an item's row. */
  show(items, nameOf) {
    const gone = new Set(this.#rows.keys());
    this.#items = items.map((item) => {
      const name = nameOf(item);
      const row = this.#rowOf(name, item);
      gone.delete(name);
      this.columns.forEach(({ value, text = value }, index) => {
        const shown = value === undefined ? null : text(item);
        if (shown !== null) setText(row.cells[index], `${shown ?? ''}`);
      });
      return { item, row };
    });
    for (const name of gone) {
      this.#rows.get(name).remove();
      this.#rows.delete(name);
    }
    this.#arrange();
  }

  #arrange() {
    const order = [...this.#items];
    const focus = document.activeElement;
    if (this.#sorted !== null) {
      const { column, sign } = this.#sorted;
      const { value } = this.columns[column];
      order.sort((a, b) => compare(value(a.item), value(b.item), sign));
    }
    order.forEach(({ row }, index) => {
      const there = this.body.rows[index];
      if (there !== row) this.body.insertBefore(row, there ?? null);
    });
    if (focus !== document.activeElement && this.body.contains(focus)) focus.focus();
  }
}
