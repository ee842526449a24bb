/*
 * Owns the choice of what is hidden. A small count is safe when there is another world: other
 * counts in the place of hidden ones that a reader could not tell from the real ones, because every
 * sum holds and each hidden cell stays what a reader knows it to be. While a small count has none,
 * one more cell is hidden. Bounds that are narrowed sum by sum would be quicker and are not enough:
 * in a table with totals of rows and columns they miss what an adversary finds (tests/disclosure).
 */
#include "domain/disclosure.h"

#include <limits.h>
#include <stdlib.h>

#define UNBOUNDED (LONG_MAX / 4)
/* How far another world is looked for; a cell for which none is found counts as known. */
#define STEPS_MAX 4000

struct search {
	const struct disclosure_cell *cells;
	const struct disclosure_sum *sums;
	size_t sum_count;
	long threshold;
	int *moves; /* of each cell: how much more or less it is in the other world */
	int steps;
};

/* ---- What a reader knows ---- */

static bool is_hidden(const struct disclosure_cell *cell)
{
	return cell->is_implied || cell->disclosure != DISCLOSURE_SHOWN;
}

/* Whether a reader would take the cell for one of this count. */
static bool is_possible(const struct disclosure_cell *cell, long count, long threshold)
{
	if (cell->is_implied || cell->disclosure == DISCLOSURE_VEILED)
		return count >= 0;
	switch (cell->disclosure) {
	case DISCLOSURE_SMALL:
		return count >= 1 && count < threshold;
	case DISCLOSURE_SHIELD:
		return count >= threshold || (cell->count == 0 && count >= 0);
	default:
		return count == cell->count;
	}
}

/* ---- Another world ---- */

/* How far the sum is out; its whole counts against its parts. */
static int imbalance(const struct search *search, const struct disclosure_sum *sum)
{
	int out = -search->moves[sum->whole];

	for (size_t i = 0; i < sum->count; i++)
		out += search->moves[sum->parts[i]];
	return out;
}

static bool complete(struct search *search);

/* Moves the cell and goes on; takes it back when that leads nowhere. */
static bool try_move(struct search *search, size_t index, int move)
{
	const struct disclosure_cell *cell = &search->cells[index];

	if (search->moves[index] != 0 || !is_hidden(cell) ||
	    !is_possible(cell, cell->count + move, search->threshold))
		return false;
	search->moves[index] = move;
	if (complete(search))
		return true;
	search->moves[index] = 0;
	return false;
}

/* Moves one more cell of the first sum that is out, until none is. */
static bool complete(struct search *search)
{
	if (++search->steps > STEPS_MAX)
		return false;
	for (size_t i = 0; i < search->sum_count; i++) {
		const struct disclosure_sum *sum = &search->sums[i];
		int out = imbalance(search, sum);
		if (out == 0)
			continue;
		int move = out > 0 ? -1 : 1;
		for (size_t j = 0; j < sum->count; j++)
			if (try_move(search, sum->parts[j], move))
				return true;
		return try_move(search, sum->whole, -move);
	}
	return true;
}

static bool has_other_world(struct search *search, size_t cell_count, size_t cell, int move)
{
	for (size_t i = 0; i < cell_count; i++)
		search->moves[i] = 0;
	search->steps = 0;
	return try_move(search, cell, move);
}

static bool is_small(const struct disclosure_cell *cell, long threshold)
{
	return cell->count > 0 && cell->count < threshold;
}

/* The next small count that a reader may know, or `count`. */
static size_t find_known(struct search *search, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_small(&search->cells[i], search->threshold) &&
		    !has_other_world(search, count, i, 1) && !has_other_world(search, count, i, -1))
			return i;
	return count;
}

/* ---- Hiding more ---- */

static bool contains(const struct disclosure_sum *sum, const bool *reached)
{
	for (size_t i = 0; i < sum->count; i++)
		if (reached[sum->parts[i]])
			return true;
	return reached[sum->whole];
}

static bool may_shield(const struct disclosure_cell *cell)
{
	return cell->disclosure == DISCLOSURE_SHOWN && !cell->is_fixed && !cell->is_implied;
}

/* Nought is hidden last: it protects least. */
static long cost(const struct disclosure_cell *cell)
{
	return cell->count ? cell->count : UNBOUNDED;
}

/*
 * Which cell of the sum to hide next, or `none`. The whole goes first, and so do totals over years:
 * of reports that were published one year after the other the totals' difference would tell the
 * year.
 */
static size_t shield_of(
    const struct disclosure_cell *cells, const struct disclosure_sum *sum, size_t none)
{
	size_t best = none;

	if (may_shield(&cells[sum->whole]))
		return sum->whole;
	for (size_t i = 0; i < sum->count; i++) {
		size_t part = sum->parts[i];
		if (may_shield(&cells[part]) && (best == none || cost(&cells[part]) < cost(&cells[best])))
			best = part;
	}
	return best;
}

/* Hides one more cell of a sum of what is reached; false when there is none. */
static bool shield_near(struct disclosure_cell *cells, size_t count,
    const struct disclosure_sum *sums, size_t sum_count, const bool *reached)
{
	for (size_t i = 0; i < sum_count; i++) {
		size_t best = contains(&sums[i], reached) ? shield_of(cells, &sums[i], count) : count;
		if (best == count)
			continue;
		cells[best].disclosure = DISCLOSURE_SHIELD;
		return true;
	}
	return false;
}

/* Adds the hidden cells of the sums of what is reached; false when there are no more. */
static bool reach_on(const struct disclosure_cell *cells, const struct disclosure_sum *sums,
    size_t sum_count, bool *reached)
{
	bool more = false;

	for (size_t i = 0; i < sum_count; i++) {
		if (!contains(&sums[i], reached))
			continue;
		for (size_t j = 0; j <= sums[i].count; j++) {
			size_t cell = j < sums[i].count ? sums[i].parts[j] : sums[i].whole;
			more |= is_hidden(&cells[cell]) && !reached[cell];
			reached[cell] |= is_hidden(&cells[cell]);
		}
	}
	return more;
}

/* The nearest cell that helps: in the sums of the known one, then in those that its move upsets. */
static bool shield(struct disclosure_cell *cells, size_t count, const struct disclosure_sum *sums,
    size_t sum_count, size_t known)
{
	CLEANUP(free) bool *reached = calloc(count + 1, sizeof(*reached));

	if (!reached)
		abort();
	reached[known] = true;
	do {
		if (shield_near(cells, count, sums, sum_count, reached))
			return true;
	} while (reach_on(cells, sums, sum_count, reached));
	return false;
}

static bool has_part(const struct disclosure_sum *sum, size_t cell)
{
	for (size_t i = 0; i < sum->count; i++)
		if (sum->parts[i] == cell)
			return true;
	return false;
}

/* Where everything is hidden, nobody can tell which is small: false when that was done before. */
static bool veil(struct disclosure_cell *cells, const struct disclosure_sum *sums, size_t sum_count,
    size_t known)
{
	bool veiled = false;

	for (size_t i = 0; i < sum_count; i++) {
		if (sums[i].whole != known && !has_part(&sums[i], known))
			continue;
		for (size_t j = 0; j < sums[i].count; j++) {
			struct disclosure_cell *cell = &cells[sums[i].parts[j]];
			if (cell->is_fixed || cell->is_implied || cell->disclosure == DISCLOSURE_VEILED)
				continue;
			cell->disclosure = DISCLOSURE_VEILED;
			veiled = true;
		}
	}
	return veiled;
}

bool disclosure_protect(struct disclosure_cell *cells, size_t count,
    const struct disclosure_sum *sums, size_t sum_count, long threshold)
{
	CLEANUP(free) int *moves = calloc(count + 1, sizeof(*moves));
	struct search search = {cells, sums, sum_count, threshold, moves, 0};
	size_t known;

	if (!moves)
		abort();
	for (size_t i = 0; i < count; i++)
		cells[i].disclosure = is_small(&cells[i], threshold) ? DISCLOSURE_SMALL : DISCLOSURE_SHOWN;
	while ((known = find_known(&search, count)) < count)
		if (!shield(cells, count, sums, sum_count, known) && !veil(cells, sums, sum_count, known))
			return false;
	return true;
}

long disclosure_round(long count, long rounding)
{
	return rounding > 1 ? (count + rounding / 2) / rounding * rounding : count;
}
