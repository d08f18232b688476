// mosquitto: MQTT. That of Debian 12 starts for WebSockets only beside another listener, and
// keeps them to an address only when it knows that this is an IPv4 one.
import { debianVersion } from './start.mjs';

const configuration = (port, tcpPort) => `
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
sys_interval 0
log_type error
log_type warning
listener ${tcpPort} 127.0.0.1
listener ${port} 127.0.0.1
protocol websockets
socket_domain ipv4
`;

export const mosquitto = {
  name: 'mosquitto',
  needs: '/usr/sbin/mosquitto',
  version: () => `mosquitto ${debianVersion('mosquitto')}`,
  speaks: {
    websocket: { carrier: 'bare-websocket', dialect: 'mqtt', path: '/mqtt' },
    tcp: { carrier: 'tcp', dialect: 'mqtt' },
  },
  prepare: ({ folder, port, tcpPort }) => ({
    files: { 'mosquitto.conf': configuration(port, tcpPort) },
    commands: [[port, '/usr/sbin/mosquitto', '-c', `${folder}/mosquitto.conf`]],
  }),
};
