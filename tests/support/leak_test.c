/* Must fail: proof that a leak in a test is seen. */
#include <stdlib.h>

#include <criterion/criterion.h>

Test(sanitizers, fail_a_test_that_leaks)
{
	char *volatile lost = malloc(16);

	cr_assert(lost);
	lost = NULL;
}
