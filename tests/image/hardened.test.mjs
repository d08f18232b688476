// The release build and the Debian package have the protections of hardening.cmake. It
// needs no container.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const top = fileURLToPath(new URL('../../', import.meta.url));

function assertHardened(program) {
  const { status, stdout } = spawnSync(path.join(top, 'tests/hardened'), [program], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
}

test('the release build is hardened', () => assertHardened(path.join(top, 'build/release/postern')));

test('the program of the Debian package is hardened', () => {
  const packages = path.join(top, 'build/package');
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
  try {
    for (const file of readdirSync(packages)) {
      execFileSync('dpkg-deb', ['--extract', path.join(packages, file), folder]);
    }
    assertHardened(path.join(folder, 'usr/bin/postern'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a program without protection is found', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
  const program = path.join(folder, 'bare');
  try {
    execFileSync('cc', ['-no-pie', '-fno-stack-protector', '-Wl,-z,norelro', '-x', 'c', '-o', program, '-'],
      { input: 'int main(void) { return 0; }' });
    assert.throws(() => assertHardened(program), /-pie.*relro.*-z now.*-fstack-protector.*_FORTIFY/s);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
