/* Which counts are hidden. tests/disclosure has a solver that tries to work them out. */
#include <criterion/criterion.h>

#include "domain/disclosure.h"

#define SMALL DISCLOSURE_SMALL
#define SHIELD DISCLOSURE_SHIELD
#define SHOWN DISCLOSURE_SHOWN

static const size_t first_three[] = {0, 1, 2};

/* Three parts of a whole that is published elsewhere too. */
struct table {
	long parts[3];
	enum disclosure wanted[3];
};

Test(disclosure, hides_the_small_and_what_would_tell_of_it)
{
	static const struct table tables[] = {
	    {{6, 7, 8}, {SHOWN, SHOWN, SHOWN}},
	    {{0, 7, 8}, {SHOWN, SHOWN, SHOWN}},
	    {{3, 7, 8}, {SMALL, SHIELD, SHOWN}},
	    {{3, 2, 8}, {SMALL, SMALL, SHOWN}},
	    /* Both are 1, because they are no less and sum to 2. */
	    {{1, 1, 8}, {SMALL, SMALL, SHIELD}},
	    /* Both are 4, because they are no more and sum to 8. */
	    {{4, 4, 8}, {SMALL, SMALL, SHIELD}},
	    /* Six is a shield only for 1: no shield is less than 5. */
	    {{1, 5, 9}, {SMALL, SHIELD, SHIELD}},
	    {{3, 0, 8}, {SMALL, SHOWN, SHIELD}},
	};

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		const struct table *table = &tables[i];
		struct disclosure_cell cells[4] = {
		    {.count = table->parts[0]},
		    {.count = table->parts[1]},
		    {.count = table->parts[2]},
		    {.count = table->parts[0] + table->parts[1] + table->parts[2], .is_fixed = true},
		};
		struct disclosure_sum sum = {first_three, 3, 3};
		cr_assert(disclosure_protect(cells, 4, &sum, 1, 5), "table %zu", i);
		for (size_t j = 0; j < 3; j++)
			cr_assert_eq(cells[j].disclosure, table->wanted[j], "table %zu, part %zu: %d", i, j,
			    cells[j].disclosure);
	}
}

Test(disclosure, hides_a_total_before_another_part)
{
	struct disclosure_cell cells[4] = {{.count = 3}, {.count = 7}, {.count = 8}, {.count = 18}};
	struct disclosure_sum sum = {first_three, 3, 3};

	cr_assert(disclosure_protect(cells, 4, &sum, 1, 5));
	cr_assert_eq(cells[3].disclosure, SHIELD);
	cr_assert_eq(cells[1].disclosure, SHOWN);
}

Test(disclosure, hides_a_count_that_leaves_a_small_rest_of_its_base)
{
	static const size_t parts[] = {0, 1};
	struct disclosure_cell cells[3] = {
	    {.count = 10}, {.count = 3, .is_implied = true}, {.count = 13, .is_fixed = true}};
	struct disclosure_sum sum = {parts, 2, 2};

	cr_assert(disclosure_protect(cells, 3, &sum, 1, 5));
	cr_assert_eq(cells[0].disclosure, SHIELD);
	cr_assert_eq(cells[2].disclosure, SHOWN);
}

Test(disclosure, shows_all_with_a_threshold_of_one)
{
	struct disclosure_cell cells[4] = {{.count = 1}, {.count = 0}, {.count = 2}, {.count = 3}};
	struct disclosure_sum sum = {first_three, 3, 3};

	cr_assert(disclosure_protect(cells, 4, &sum, 1, 1));
	for (size_t i = 0; i < 4; i++)
		cr_assert_eq(cells[i].disclosure, SHOWN);
}

Test(disclosure, refuses_what_cannot_be_made_safe)
{
	static const size_t parts[] = {0, 1};
	struct disclosure_cell cells[3] = {
	    {.count = 1}, {.count = 5, .is_fixed = true}, {.count = 6, .is_fixed = true}};
	struct disclosure_sum sum = {parts, 2, 2};

	cr_assert_not(disclosure_protect(cells, 3, &sum, 1, 5));
}

Test(disclosure, rounds_to_the_nearest_with_halves_up)
{
	cr_assert_eq(disclosure_round(12, 5), 10);
	cr_assert_eq(disclosure_round(13, 5), 15);
	cr_assert_eq(disclosure_round(15, 10), 20);
	cr_assert_eq(disclosure_round(7, 1), 7);
}
