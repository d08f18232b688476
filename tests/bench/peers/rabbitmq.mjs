// RabbitMQ with Web STOMP, as a node of its own with an epmd of its own. Erlang's schedulers
// would spin while they wait, which is no work: one, that sleeps.
import { freePort } from '../../wire/lib/gateway.mjs';
import { debianVersion } from './start.mjs';

const configuration = (port, tcpPort) => `
listeners.tcp = none
stomp.listeners.tcp.1 = 127.0.0.1:${tcpPort}
stomp.tcp_listen_options.backlog = 4096
stomp.tcp_listen_options.nodelay = true
web_stomp.tcp.ip = 127.0.0.1
web_stomp.tcp.port = ${port}
web_stomp.tcp.backlog = 4096
web_stomp.ws_opts.idle_timeout = 3600000
log.console = true
log.console.level = warning
log.file = false
`;

const machine = '+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}';

const environment = (folder, epmdPort, distributionPort) => ({
  HOME: folder, // with the node's cookie
  ERL_EPMD_ADDRESS: '127.0.0.1',
  ERL_EPMD_PORT: `${epmdPort}`,
  RABBITMQ_NODENAME: 'bench@localhost',
  RABBITMQ_DIST_PORT: `${distributionPort}`,
  RABBITMQ_CONF_ENV_FILE: '/dev/null',
  RABBITMQ_CONFIG_FILE: `${folder}/rabbitmq.conf`,
  RABBITMQ_ENABLED_PLUGINS_FILE: `${folder}/plugins`,
  RABBITMQ_GENERATED_CONFIG_DIR: `${folder}/generated`,
  RABBITMQ_MNESIA_BASE: `${folder}/data`,
  RABBITMQ_LOG_BASE: `${folder}/logs`,
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: machine,
});

export const rabbitmq = {
  name: 'RabbitMQ',
  needs: '/usr/lib/rabbitmq/bin/rabbitmq-server',
  version: () => `rabbitmq-server ${debianVersion('rabbitmq-server')}, Erlang ${debianVersion('erlang-base')}`,
  speaks: {
    websocket: { carrier: 'bare-websocket', path: '/ws' },
    tcp: { carrier: 'tcp' },
  },
  prepare: async ({ folder, port, tcpPort }) => {
    const epmdPort = await freePort();
    return {
      files: { 'rabbitmq.conf': configuration(port, tcpPort), plugins: '[rabbitmq_web_stomp].\n' },
      env: environment(folder, epmdPort, await freePort()),
      commands: [
        [epmdPort, '/usr/bin/epmd', '-port', `${epmdPort}`, '-address', '127.0.0.1'],
        [port, rabbitmq.needs],
      ],
    };
  },
};
