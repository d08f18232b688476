/*
 * The linker sends every pull of a simulation here (CMakeLists.txt): what a joint shares
 * must be what a fresh one would join, for the run that is wanted and for all that waits.
 */
#include "gateway/session/joint.h"

#include "tests/support/unit.h"

struct run __real_joint_pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget);
struct run __wrap_joint_pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget);

static struct run pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget)
{
	struct joint *fresh = joint_create();
	const struct run run = __real_joint_pull(joint, queue, how, budget);
	const struct run expected = __real_joint_pull(fresh, queue, how, budget);

	ck_assert_slice_eq(run.bytes, expected.bytes);
	ck_assert_uint_eq(run.count, expected.count);
	ck_assert_uint_eq(run.payload, expected.payload);
	joint_destroy(fresh);
	return run;
}

struct run __wrap_joint_pull(struct joint *joint, const struct outbound *queue,
	const struct joining *how, size_t budget)
{
	pull(joint, queue, how, SIZE_MAX);
	return pull(joint, queue, how, budget);
}
