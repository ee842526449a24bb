/* Owns the proof that LeakSanitizer's report fails a test: leaks LEAK_BYTES bytes on purpose. */
#include <stdlib.h>

#include <criterion/criterion.h>

/* Kept out of registers and stacks that the leak check would search for the pointer. */
static __attribute__((noinline)) void lose(size_t bytes)
{
	char *lost = malloc(bytes);

	cr_assert(lost);
	*(volatile char *)lost = 1;
}

Test(leak, fails_the_test_that_leaks)
{
	const char *bytes = getenv("LEAK_BYTES");

	for (int i = 0; bytes && i < 16; i++)
		lose(strtoul(bytes, NULL, 10));
}
