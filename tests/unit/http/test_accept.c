/* The choice of the answer's form. */
#include "http/accept.h"

#include <stddef.h>
#include <string.h>

#include <criterion/criterion.h>

static const char *const offered[] = {"application/json", "text/csv", "text/html", NULL};

static const struct {
	const char *accept;
	const char *chosen;
} table[] = {
    {NULL, "application/json"},
    {"", "application/json"},
    {"*/*", "application/json"},
    {"application/*", "application/json"},
    {"text/*", "text/csv"},
    {"text/html", "text/html"},
    {"TEXT/CSV", "text/csv"},
    {"text/csv;q=0.9, application/json;q=0.8", "text/csv"},
    {"text/csv;q=0.5, application/json;q=0.8", "application/json"},
    {"text/csv ; q=0.5 , */* ; q=0.1", "text/csv"},
    {"application/json;q=0, */*", "text/csv"},
    {"application/json;q=0.000, text/*;q=0, */*", NULL},
    {"text/csv;charset=utf-8", "text/csv"},
    {"text/csv;charset=utf-8;q=0.2, text/html;q=0.3", "text/html"},
    {"image/png", NULL},
    {"image/png, */*;q=0.1", "application/json"},
    {"application/problem+json", NULL},
    {"application", NULL},
    {"/json", NULL},
    {"application/", NULL},
    {"*/json", NULL},
    {"application/jsonx", NULL},
    {"application/json;q=2", NULL},
    {"application/json;q=", NULL},
    {"application/json;q=-1", NULL},
    {"application/json;q=1.001", NULL},
    {"application/json;q=1.000", "application/json"},
    {",,,", NULL},
    {"%s%n, text/csv", "text/csv"},
};

Test(accept, chooses_what_is_valued_most)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *chosen = accept_choose(table[i].accept, offered);
		if (table[i].chosen)
			cr_expect(chosen && strcmp(chosen, table[i].chosen) == 0, "%s gives %s",
			    table[i].accept, chosen ? chosen : "nothing");
		else
			cr_expect_null(chosen, "%s gives %s", table[i].accept, chosen);
	}
}
