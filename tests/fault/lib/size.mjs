// How much a fault test does: little in the ordinary run, all of it in `tests/run long`.
export const isLong = process.env.FAULT === 'long';

// A sanitizer keeps what is freed; here it must give it back, as it is without one.
export const giveBack = {
  ASAN_OPTIONS: 'quarantine_size_mb=0:thread_local_quarantine_size_kb=0:allocator_release_to_os_interval_ms=100',
};

export const size = (little, much) => (isLong ? much : little);
