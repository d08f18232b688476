// The server itself: port, and what it runs on. Its adapter for sockjs-node cannot be told not to
// log each request.
import http from 'node:http';
import StompServer from 'stomp-broker-js';

console.log = () => {};

const [port, protocol] = process.argv.slice(2);
const server = http.createServer();
const broker = new StompServer({ server, protocol, path: '/stomp' });
broker.on('error', (error) => { throw error; });
server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 });
