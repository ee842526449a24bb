/* Owns what the tests of the document need of reports. */
#include "makers.h"

static const char *report(const struct place places[])
{
	return "rapid-reviews-by-year";
}

static const char *benchmark(const struct place places[])
{
	return answer_text(
	    post(json_of("{'key': 'neglect', 'label': 'Neglect', 'base': 'notifications',"
	                 " 'percent': 50, 'period_from': '2022-04-01', 'period_to': '2023-03-31',"
	                 " 'source': 'the Panel'}"),
	        "/v1/benchmarks"),
	    "/id");
}

const struct maker makers_reports[] = {
    {"report_name", NULL, report},
    {"benchmark_id", NULL, benchmark},
    {NULL, NULL, NULL},
};
