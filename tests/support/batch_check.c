/*
 * The linker sends every pull of a simulation here (CMakeLists.txt). The result of a
 * shared batch cache must equal that of a fresh one, for the requested batch and for
 * the whole queue.
 */
#include "gateway/session/batch.h"
#include "gateway/worker/workers.h"

#include "tests/support/unit.h"

struct batch __real_batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget);
struct batch __wrap_batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget);

static struct batch pull(struct batch_cache *batch_cache, const struct outbound *queue,
	const struct batch_format *how, size_t budget)
{
	static struct workers unlimited;
	struct batch_cache *fresh = batch_cache_create(&unlimited);
	const struct batch batch =
		__real_batch_cache_pull(batch_cache, queue, how, budget);
	const struct batch expected =
		__real_batch_cache_pull(fresh, queue, how, budget);

	ck_assert_slice_eq(batch.bytes, expected.bytes);
	ck_assert(batch.is_alone == expected.is_alone);
	ck_assert_uint_eq(batch.count, expected.count);
	ck_assert_uint_eq(batch.payload, expected.payload);
	batch_cache_destroy(fresh);
	return batch;
}

struct batch __wrap_batch_cache_pull(struct batch_cache *batch_cache,
	const struct outbound *queue, const struct batch_format *how, size_t budget)
{
	pull(batch_cache, queue, how, SIZE_MAX);
	return pull(batch_cache, queue, how, budget);
}
