/*
 * The console is served at a listener of its own, which this browser may or may not reach:
 * Postern says where, with this page, to whoever sits at its machine.
 */
const { headers } = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
const where = headers.get('Postern-Console');

if (where) {
  const card = document.getElementById('console');
  card.querySelector('a').href = where;
  card.hidden = false;
}
