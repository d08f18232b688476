// The rows of the table: what is measured, and what we want of it. `measure` gets ready
// made runners and returns numbers by column; each is the median of several runs.
// `compares` names the columns in which two builds are compared.

import { floods, usual } from '../fairness/lib/floods.mjs';

const K = 1000, M = 1_000_000;

const fanOut = (carrier, more) => ({ mode: 'fan-out', carrier, clients: 1000, ...more });
const steady = (carrier) => ({ mode: 'steady', carrier, clients: 1000, rate: 10 });

// Against the floor in the same run, whose WebSocket stands for every carrier.
const overFloor = (floor, options, figure) => async ({ postern, floorOf }) => {
  const ours = await postern(options);
  const carrier = options.carrier === 'tcp' ? 'tcp' : 'websocket';
  const theirs = await floorOf(floor, { ...options, carrier });
  return { postern: figure(ours), floor: figure(theirs), ratio: figure(ours) / figure(theirs) };
};

const alone = (options, figure) => async ({ postern }) => ({ postern: figure(await postern(options)) });

const perSecond = (result) => result.per_cpu_second;
const each = (result) => result.cpu_us_each;
const perBusiest = (result) => result.count / result.busiest_seconds;

const pingPongRow = (carrier) => ({
  name: `ping-pong of 100, ${carrier}`, unit: 'round trips/CPU s',
  measure: alone({ mode: 'ping-pong', carrier, clients: 100 }, perSecond),
  target: { postern: `>${30 * K}` }, stretch: { postern: `>${45 * K}` },
});

const fanOutRow = (carrier, target, stretch) => ({
  name: `fan-out to 1,000, ${carrier}`, unit: 'deliveries/CPU s',
  measure: overFloor('joined', fanOut(carrier), perSecond), target, stretch,
});

// A figure of many against the same of few.
const against = (few, many, figure) => async ({ postern }) => {
  const less = figure(await postern(few));
  const more = figure(await postern(many));
  return { postern: more, floor: less, ratio: more / less };
};

const flatRow = (carrier) => ({
  name: `flat: ping-pong of 100 beside 10,000 idle, against 100 idle, ${carrier}`, unit: 'CPU us/round trip',
  measure: against(
    { mode: 'ping-pong', carrier, clients: 100, idle: 100 },
    { mode: 'ping-pong', carrier, clients: 100, idle: 10_000 }, each),
  target: { ratio: '<1.1' }, stretch: { ratio: '<1.05' },
});

const flatSubscriptionsRow = {
  name: 'flat: ping-pong of 100 beside 100,000 subscriptions, against 400, websocket', unit: 'CPU us/round trip',
  measure: against(
    { mode: 'ping-pong', carrier: 'websocket', clients: 100, idle: 400 },
    { mode: 'ping-pong', carrier: 'websocket', clients: 100, idle: 400, held: 250 }, each),
  target: { ratio: '<1.1' }, stretch: { ratio: '<1.05' },
};

const twoWorkers = (name, options) => ({
  name: `two workers against one, ${name}`, unit: 'deliveries/s of the busiest worker',
  measure: async ({ postern }) => {
    const one = perBusiest(await postern(options));
    const two = perBusiest(await postern(options, { workers: 2 }));
    return { postern: two, floor: one, ratio: two / one };
  },
  target: { ratio: '>1.7' }, stretch: { ratio: '>1.9' },
});

const fairRow = (carrier) => ({
  name: `fair: 99th percentiles during full fan-out over ${carrier}, against idle`, unit: 'us',
  measure: async ({ probes }) => {
    const { idle, busy } = await probes(fanOut(carrier));
    return Object.fromEntries(['ping', 'info', 'session'].flatMap((what) => [
      [what, busy[what].p99_us], [`${what} idle`, idle[what].p99_us],
      [`${what} ratio`, busy[what].p99_us / idle[what].p99_us],
    ]));
  },
  target: { 'ping ratio': '<5', 'info ratio': '<5', 'session ratio': '<5' },
  compares: ['ping', 'info', 'session'],
});

const workersOf = { '1 worker': 1, '2 workers': 2, '3 workers': 3 };

const floodRow = (flood, over) => ({
  name: `honest p99 beside a flood ${flood}, ${over}`, unit: 'ms',
  measure: async ({ besideFlood }) => {
    const found = {};
    for (const [column, workers] of Object.entries(workersOf)) {
      found[column] = await besideFlood({ flood, over, workers });
    }
    return found;
  },
  target: Object.fromEntries(Object.keys(workersOf).map((column) => [column, '<100'])),
  compares: Object.keys(workersOf),
});

// A part of the gateway by itself.
const identityRow = (name, part, unit, per, target, stretch) => ({
  name: `identity: ${name}`, unit,
  measure: async ({ identity }) => ({ postern: await identity(part) / per }),
  target: { postern: `<${target}` }, stretch: { postern: `<${stretch}` },
  compares: ['postern'],
});

const joinedTarget = { ratio: '>0.42' }, joinedStretch = { ratio: '>0.6' };

const table = [
  fanOutRow('websocket', { ratio: '>0.6' }, { ratio: '>0.85' }),
  fanOutRow('tcp', { ratio: '>0.6' }, { ratio: '>0.85' }),
  fanOutRow('sockjs-websocket', joinedTarget, joinedStretch),
  fanOutRow('xhr-streaming', joinedTarget, joinedStretch),
  fanOutRow('eventsource', joinedTarget, joinedStretch),
  {
    name: 'fan-out to 1,000, xhr-polling', unit: 'deliveries/CPU s',
    measure: overFloor('joined', fanOut('xhr-polling'), perSecond),
    target: { postern: `>${150 * K}` }, stretch: { postern: `>${300 * K}` },
  },
  {
    name: 'fan-out to 5,000 against 1,000, websocket', unit: 'deliveries/CPU s',
    measure: against(fanOut('websocket'), fanOut('websocket', { clients: 5000 }), perSecond),
    target: { ratio: '>0.85' }, stretch: { ratio: '>1' },
  },
  {
    name: 'steady 10/s to 1,000, websocket', unit: 'CPU us/delivery',
    measure: overFloor('single', steady('websocket'), each),
    target: { ratio: '<1.15' }, stretch: { ratio: '<1.05' },
  },
  {
    name: 'steady 10/s to 1,000, xhr-polling', unit: 'CPU us/delivery',
    measure: alone(steady('xhr-polling'), each),
    target: { postern: '<25' }, stretch: { postern: '<20' },
  },
  {
    name: 'latency at that rate, median, websocket', unit: 'us',
    measure: overFloor('single', steady('websocket'), (result) => result.p50_us),
    target: { ratio: '<1.2' }, stretch: { ratio: '<1.1' },
  },
  {
    name: 'latency at that rate, 99th percentile, websocket', unit: 'us',
    measure: overFloor('single', steady('websocket'), (result) => result.p99_us),
    target: { ratio: '<1.2' }, stretch: { ratio: '<1.1' },
  },
  ...['websocket', 'sockjs-websocket', 'tcp'].map((carrier) => ({
    name: `memory of an idle subscribed session, ${carrier}`, unit: 'bytes',
    measure: alone({ mode: 'idle', carrier, clients: 5000, seconds: 1 }, (result) => result.memory_each),
    target: { postern: `<${3 * 1024}` }, stretch: { postern: `<${2 * 1024}` },
  })),
  ...['xhr-streaming', 'xhr-polling'].map((carrier) => ({
    name: `memory of an idle subscribed session, ${carrier}`, unit: 'bytes',
    measure: alone({ mode: 'idle', carrier, clients: 5000, seconds: 1 }, (result) => result.memory_each),
    target: { postern: `<${15 * 1024}` }, stretch: { postern: `<${10 * 1024}` },
  })),
  {
    name: 'new STOMP session, websocket', unit: 'CPU us',
    measure: overFloor('single', { mode: 'storm', carrier: 'websocket', clients: 5000 }, each),
    target: { postern: '<120' }, stretch: { postern: '<60' },
  },
  {
    name: 'new STOMP session, xhr-streaming (three requests)', unit: 'CPU us',
    measure: alone({ mode: 'storm', carrier: 'xhr-streaming', clients: 5000 }, each),
    target: { postern: '<250' }, stretch: { postern: '<150' },
  },
  ...['websocket', 'xhr-streaming'].map((carrier) => ({
    name: `new session among 10,000 against 1,000, ${carrier}`, unit: 'CPU us',
    measure: against({ mode: 'storm', carrier, clients: 1000 }, { mode: 'storm', carrier, clients: 10_000 }, each),
    target: { ratio: '<1.1' }, stretch: { ratio: '<1' },
  })),
  {
    name: 'heart-beats of 10,000 sessions, each every second, websocket', unit: 'CPU us/beat',
    measure: alone({ mode: 'beats', carrier: 'websocket', clients: 10_000 }, each),
    target: { postern: '<15' }, stretch: { postern: '<8' },
  },
  {
    name: 'ping-pong of 100, websocket', unit: 'round trips/CPU s',
    measure: overFloor('single', { mode: 'ping-pong', carrier: 'websocket', clients: 100 }, perSecond),
    target: { ratio: '>0.75' }, stretch: { ratio: '>0.9' },
  },
  pingPongRow('sockjs-websocket'),
  pingPongRow('xhr-streaming'),
  twoWorkers('many topics', fanOut('websocket', { topics: 50 })),
  twoWorkers('one hot topic', fanOut('websocket')),
  ...['websocket', 'xhr-streaming', 'xhr-polling'].map(flatRow),
  flatSubscriptionsRow,
  fairRow('websocket'),
  fairRow('xhr-streaming'),
  identityRow('a token, RS256', 'RS256', 'CPU us', K, 40, 30),
  identityRow('a token, HS256', 'HS256', 'CPU us', K, 10, 6),
  identityRow('a SEND that the last of 20 rules allows', 'access-20', 'CPU us', K, 0.5, 0.3),
  identityRow('a SEND that the last of 500 rules allows', 'access-500', 'CPU us', K, 2.5, 1.6),
  identityRow('a rate', 'rate', 'CPU ns', 1, 30, 20),
  ...Object.keys(floods).map((flood) => floodRow(flood, 'tcp')),
  ...['websocket', 'xhr-streaming'].map((over) => floodRow(usual, over)),
];

export const rows = table.map((row) => ({ compares: ['postern'], ...row }));

// Whether a row's figures are better the larger they are.
export const isMore = ({ target }) => Object.values(target)[0][0] === '>';

// What a wish such as "<1.1" says of a value.
export const isMet = (wish, value) =>
  (wish[0] === '<' ? value <= Number(wish.slice(1)) : value >= Number(wish.slice(1)));

export function number(value) {
  if (value >= M) return `${(value / M).toFixed(2)} M`;
  if (value >= 10 * K) return `${Math.round(value / K)} k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
