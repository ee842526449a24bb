/* Owns what the tests of the document need of reports. */
#include "makers.h"

static const char *report(const struct place places[])
{
	return "rapid-reviews-by-year";
}

const struct maker makers_reports[] = {
    {"report_name", NULL, report},
    {NULL, NULL, NULL},
};
