// nginx with nchan: no STOMP, a topic is a URL. It keeps messages for those who are late;
// the buffer of 10 that it has by default is less than are on their way.
import { debianVersion } from './start.mjs';

const configuration = (folder, port) => `
load_module modules/ngx_nchan_module.so;
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr warn;
events { worker_connections 19000; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  nchan_shared_memory_size 128M;
  nchan_message_buffer_length 4096;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    nchan_channel_id $arg_topic;
    nchan_subscriber_first_message newest;
    location = /subscribe { nchan_subscriber websocket eventsource; }
    location = /publish { nchan_publisher websocket; }
    location = /both { nchan_pubsub websocket; }
  }
}
`;

export const nchan = {
  name: 'nchan',
  needs: '/usr/lib/nginx/modules/ngx_nchan_module.so',
  version: () => `nginx ${debianVersion('nginx')}, nchan ${debianVersion('libnginx-mod-nchan')}`,
  processes: 2, // a master, which listens before there is the worker
  speaks: {
    websocket: { carrier: 'bare-websocket', dialect: 'nchan' },
    eventsource: { carrier: 'events', dialect: 'nchan' },
  },
  prepare: ({ folder, port }) => ({
    files: { 'nginx.conf': configuration(folder, port) },
    commands: [[port, '/usr/sbin/nginx', '-e', 'stderr', '-c', `${folder}/nginx.conf`]],
  }),
};
