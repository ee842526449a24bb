/*
 * Statistical disclosure control: which counts of published tables are hidden so that no small one
 * can be read or worked out from the others. Pure.
 *
 * Small counts (1 up to the threshold - 1) are hidden, and then as many others as it takes that
 * none of the hidden ones follows from what is shown: not from totals, not by what is left of a
 * base, and not by knowing this rule. A reader is taken to know for each hidden cell whether it was
 * hidden because it is small or to protect another. Nought is shown unless it takes its place to
 * protect another. The practice of DfE's statistics of serious incident notifications: small counts
 * are "c", with secondary suppression.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum disclosure {
	DISCLOSURE_SHOWN,
	DISCLOSURE_SMALL,  /* hidden, because it is small */
	DISCLOSURE_SHIELD, /* hidden, because another could be worked out else */
	DISCLOSURE_VEILED, /* hidden with all that sums to its whole: nothing else would do */
};

struct disclosure_cell {
	long count;
	/* Stands in other tables too, or is what a percentage is told of: hidden only when small. */
	bool is_fixed;
	/* Stands nowhere itself, as what is left of a base: a reader knows it as far as it follows. */
	bool is_implied;
	enum disclosure disclosure; /* the result */
};

/* Cells that sum to another one. Indices of cells. */
struct disclosure_sum {
	const size_t *parts;
	size_t count;
	size_t whole;
};

/*
 * Decides for every cell. `threshold` is the least count that may be shown; 1 shows all. False when
 * it cannot be made safe with the fixed cells shown: then nothing of it may be published.
 */
MUST_CHECK bool disclosure_protect(struct disclosure_cell *cells, size_t count,
    const struct disclosure_sum *sums, size_t sum_count, long threshold);

/* To the nearest multiple, halves up; a rounding of 1 changes nothing. */
long disclosure_round(long count, long rounding);
