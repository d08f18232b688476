/*
 * The console has a listener of its own, which other machines cannot reach. Postern sends
 * its address with this page to a browser on the same machine only.
 */
const { headers } = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' });
const where = headers.get('Postern-Console');

if (where) {
  const card = document.getElementById('console');
  card.querySelector('a').href = where;
  card.hidden = false;
}
