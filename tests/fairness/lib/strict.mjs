// No address is spared: a test that passes since loopback is exempt shows nothing.
export const strict = (more = {}) => ({
  listen: '127.0.0.1:0',
  tcp: { listen: '127.0.0.1:0' },
  endpoints: [{ path: '/chat', sockjs: true }],
  ...more,
  exempt_addresses: [],
});
