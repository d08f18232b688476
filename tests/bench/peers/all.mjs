// Everybody beside whom Postern is measured.
import { mosquitto } from './mosquitto.mjs';
import { nchan } from './nchan.mjs';
import { rabbitmq } from './rabbitmq.mjs';
import { stompBroker } from './stomp-broker.mjs';

export const peers = [nchan, mosquitto, rabbitmq, stompBroker];
