/* A live plot of several series over seconds, by uPlot, in the page's colours. */
const HEIGHT = 260;
const TICKS = { show: true, width: 1 };

const isDark = matchMedia('(prefers-color-scheme: dark)');
const colours = () => (isDark.matches
  ? ['#e8795a', '#e0ab4a', '#7cc9b3', '#8fb4f0', '#d79ae0', '#b9c26a', '#e59ab4', '#9d9890', '#6fd0e8']
  : ['#c04a2b', '#a46b00', '#17695a', '#2f5fb3', '#8b3f99', '#6b7a12', '#b03a68', '#6d685f', '#0b7285']);
const colour = (i) => colours()[i % colours().length];

export class Plot {
  #element;
  #names;
  #options;
  #data;
  #chart;
  #isStale = true;

  constructor(element, names, options) {
    this.#element = element;
    this.#names = names;
    this.#options = options;
    this.clear();
    this.#make();
    isDark.addEventListener('change', () => this.#make());
    new ResizeObserver(() => this.#chart.setSize(this.#size())).observe(element);
  }

  #size() { return { width: Math.max(this.#element.clientWidth, 200), height: HEIGHT }; }

  /* A line, or dots where the options say so. */
  #shape(label, colour) {
    return this.#options.dotted?.includes(label)
      ? { paths: () => null, points: { show: true, size: 6, width: 0, fill: colour } }
      : { points: { show: false } };
  }

  #make() {
    const style = getComputedStyle(document.documentElement);
    const grid = { stroke: isDark.matches ? '#35342f' : '#dfdacd', width: 1 };
    const axis = { stroke: style.color, grid, ticks: { ...TICKS, ...grid } };

    this.#chart?.destroy();
    this.#chart = new uPlot({
      ...this.#size(),
      scales: { x: { time: false }, y: this.#options.isLogarithmic ? { distr: 3, log: 10 } : {} },
      axes: [{ ...axis, label: 'seconds', labelSize: 20 }, { ...axis, size: 60 }],
      series: [{ label: 's' }, ...this.#names.map((label, i) => ({
        label, stroke: colour(i), width: 2, spanGaps: true, ...this.#shape(label, colour(i)), value: (_, value) => (value === null ? '' : value?.toFixed(1)),
      }))],
      legend: { live: false },
      cursor: { drag: { x: false, y: false } },
    }, this.#data, this.#element);
  }

  clear() {
    this.#data = [[], ...this.#names.map(() => [])];
    this.#isStale = true;
  }

  get names() { return this.#names; }

  get data() { return this.#data; }

  /* Begins with what another plot of the same series had. */
  restore(data) {
    if (data.length !== this.#data.length) return;
    this.#data = data;
    this.#isStale = true;
  }

  /* Times do not go back. */
  add(time, series, value) {
    const times = this.#data[0];
    if (times.at(-1) !== time) {
      times.push(time);
      this.#data.slice(1).forEach((values) => values.push(null));
      if (times.length > this.#options.most) this.#data.forEach((values) => values.shift());
    }
    this.#data[series + 1][this.#data[series + 1].length - 1] = value;
    this.#isStale = true;
  }

  draw() {
    if (!this.#isStale) return;
    this.#isStale = false;
    this.#chart.setData(this.#data);
  }
}
