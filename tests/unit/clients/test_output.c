/* What is printed: tables, formats, problems, curl's line, completions. */
#include "cli/completion.h"
#include "cli/curl_line.h"
#include "cli/deadlines.h"
#include "cli/exit_codes.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "document.h"

static const char list_json[] =
    "{\"data\":[{\"id\":\"1\",\"name\":\"Ana\\u0308 =x\",\"part\":{\"size\":3}},"
    "{\"id\":\"2\",\"name\":\"=B\",\"part\":{\"size\":null}}],\"has_more\":false}";

static char *render(enum output_format format, size_t cells)
{
	json_t *value CLEANUP(json_decref) = json_loads(list_json, 0, NULL);
	json_t *columns CLEANUP(json_decref) = json_pack("[s,s,s]", "name", "part.size", "id");
	struct text text CLEANUP(text_finish) = TEXT_INIT(8192);

	terminal_start();
	output_put(format, columns, value, cells, false, &text);
	return text_take(&text);
}

Test(output, aligns_a_table_by_what_is_seen)
{
	char *table CLEANUP(free) = render(OUTPUT_TABLE, 0);

	cr_assert_str_eq(table, "name    part.size  id\n"
	                        "Ana\xcc\x88 =x  3          1\n"
	                        "=B                 2\n");
}

Test(output, writes_each_format)
{
	char *lines CLEANUP(free) = render(OUTPUT_NDJSON, 0);
	char *ids CLEANUP(free) = render(OUTPUT_ID, 0);
	char *csv CLEANUP(free) = render(OUTPUT_CSV, 0);

	cr_assert(strstr(lines, "\n{\"id\":\"2\",\"name\":\"=B\",\"part\":{\"size\":null}}\n"));
	cr_assert_str_eq(ids, "1\n2\n");
	cr_assert_str_eq(csv, "name,part.size,id\r\nAna\xcc\x88 =x,3,1\r\n'=B,,2\r\n");
}

Test(output, shows_the_list_that_the_columns_belong_to)
{
	json_t *value CLEANUP(json_decref) = json_loads(
	    "{\"duty\":\"none\",\"recipients\":[\"dfe\"],\"clocks\":[{\"kind\":\"sin\"}]}", 0, NULL);
	json_t *columns CLEANUP(json_decref) = json_pack("[s]", "kind");
	struct text text CLEANUP(text_finish) = TEXT_INIT(8192);

	output_put(OUTPUT_TABLE, columns, value, 0, false, &text);
	cr_assert_str_eq(text_string(&text), "kind\nsin\n");
}

Test(table, is_never_wider_than_the_terminal)
{
	struct table table CLEANUP(table_finish) = {.column_count = 2};
	struct text text CLEANUP(text_finish) = TEXT_INIT(8192);

	terminal_start();
	cr_assert(table_add(&table, "a") && table_add(&table, "b") &&
	          table_add(&table, "0123456789012345678901234567890") &&
	          table_add(&table, "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad"));
	table_put(&table, 24, false, &text);
	for (char *rest = text.data, *line; (line = strsep(&rest, "\n"));)
		cr_expect_leq(terminal_width(line), 24, "%s", line);
}

Test(terminal, gets_no_commands_from_other_peoples_text)
{
	const char *const hostile[] = {"\033]0;x\007",
	    "\xc2\x9b"
	    "31m",
	    "\xe2\x80\xae"
	    "abc",
	    "\xff\xfe", "a\rb"};

	for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++) {
		struct text text CLEANUP(text_finish) = TEXT_INIT(256);
		terminal_put(&text, hostile[i], true);
		cr_expect(strstr(text_string(&text), "\xef\xbf\xbd"), "case %zu", i);
		cr_expect_null(strpbrk(text_string(&text), "\033\007\r"), "case %zu", i);
		cr_expect_null(strstr(text_string(&text), "\xc2\x9b"), "case %zu", i);
		cr_expect_null(strstr(text_string(&text), "\xe2\x80\xae"), "case %zu", i);
	}
}

Test(problem, is_told_with_every_fault_and_the_request)
{
	const struct cspr_fault faults[] = {
	    {"/aware_on", "future", "The day lies in the future."}, {"", "evidence", "No report."}};
	const struct cspr_problem problem = {
	    "", "The content breaks a rule", "Two rules.", "", "invalid", "req-1", 422, faults, 2};
	struct text text CLEANUP(text_finish) = TEXT_INIT(4096);

	report_put_problem(&problem, false, &text);
	cr_assert_str_eq(text_string(&text), "The content breaks a rule (422 invalid)\n"
	                                     "  Two rules.\n"
	                                     "  /aware_on: The day lies in the future. (future)\n"
	                                     "  No report. (evidence)\n"
	                                     "  request req-1\n");
}

Test(exit_status, follows_the_table)
{
	const int of_status[][2] = {{200, 0}, {201, 0}, {207, 0}, {304, 0}, {301, 1}, {400, 6},
	    {401, 4}, {403, 5}, {404, 3}, {409, 7}, {412, 7}, {413, 6}, {422, 6}, {428, 6}, {429, 8},
	    {500, 9}, {503, 9}};
	const int of_error[][2] = {{CSPR_OK, 0}, {CSPR_USAGE, 2}, {CSPR_NETWORK, 10},
	    {CSPR_TIMEOUT, 10}, {CSPR_PROTOCOL, 1}, {CSPR_MEMORY, 1}};

	for (size_t i = 0; i < ARRAY_LENGTH(of_status); i++)
		cr_expect_eq(
		    (int)exit_code_of_status(of_status[i][0]), of_status[i][1], "%d", of_status[i][0]);
	for (size_t i = 0; i < ARRAY_LENGTH(of_error); i++)
		cr_expect_eq((int)exit_code_of_error((enum cspr_error)of_error[i][0]), of_error[i][1]);
}

Test(deadline, is_told_by_state_date_and_remaining_days)
{
	const struct {
		const char *row;
		enum deadline_state state;
	} cases[] = {
	    {"{\"state\":\"breached\",\"due_on\":\"2024-01-01\"}", DEADLINE_BREACHED},
	    {"{\"state\":\"running\",\"due_on\":\"2024-01-09\"}", DEADLINE_BREACHED},
	    {"{\"state\":\"running\",\"due_on\":\"2024-01-10\"}", DEADLINE_AT_RISK},
	    {"{\"state\":\"running\",\"due_on\":\"2024-01-11\",\"unit\":\"working_day\","
	     "\"remaining\":1}",
	        DEADLINE_AT_RISK},
	    {"{\"state\":\"running\",\"due_on\":\"2024-01-12\",\"unit\":\"working_day\","
	     "\"remaining\":2}",
	        DEADLINE_CALM},
	    {"{\"state\":\"running\",\"due_on\":\"2024-02-12\",\"unit\":\"month\",\"remaining\":1}",
	        DEADLINE_CALM},
	    {"{\"state\":\"met_late\",\"due_on\":\"2024-01-01\"}", DEADLINE_CALM},
	    {"{\"state\":\"paused\",\"due_on\":\"2024-01-01\"}", DEADLINE_CALM},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
		json_t *row CLEANUP(json_decref) = json_loads(cases[i].row, 0, NULL);
		cr_expect_eq(deadline_state_of(row, "2024-01-10"), cases[i].state, "%s", cases[i].row);
	}
}

Test(curl_line, is_one_that_a_shell_reads_back_unchanged)
{
	const struct cspr_pair query[] = {{"aware_on[gte]", "a'b &"}};
	const struct cspr_request request = {.method = "POST",
	    .path = "/v1/things",
	    .query = query,
	    .query_count = 1,
	    .body = "{\"a\":\"it's $HOME `x`\"}",
	    .body_length = 22,
	    .idempotency_key = "k"};
	struct text text CLEANUP(text_finish) = TEXT_INIT(8192);

	curl_line_put("http://h/", true, &request, &text);
	cr_assert(strstr(text_string(&text), "'{\"a\":\"it'\\''s $HOME `x`\"}'"));
	cr_assert(strstr(text_string(&text), "'http://h/v1/things?aware_on%5Bgte%5D=a%27b%20%26'"));
	cr_assert(strstr(text_string(&text), "--header 'Idempotency-Key: k'"));
	cr_assert(strstr(text_string(&text), "Authorization: Bearer $CSPR_TOKEN\n"));
}

Test(completion, knows_words_and_flags_in_every_shell)
{
	struct document document CLEANUP(document_finish) = read_test_document();
	const char *const shells[] = {"bash", "zsh", "fish"};

	for (size_t i = 0; i < ARRAY_LENGTH(shells); i++) {
		struct text text CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);
		cr_assert(completion_put(&document, shells[i], &text));
		cr_expect(strstr(text_string(&text), "'thing list "), "%s", shells[i]);
		cr_expect(strstr(text_string(&text), "--aware-on-gte"), "%s", shells[i]);
		cr_expect(strstr(text_string(&text), "--no-closed"), "%s", shells[i]);
		cr_expect(strstr(text_string(&text), "--port-file"), "%s", shells[i]);
		cr_expect_not(text.failed);
	}
	struct text text CLEANUP(text_finish) = TEXT_INIT((size_t)1024 * 1024);
	cr_assert_not(completion_put(&document, "tcsh", &text));
}

Test(help, lists_the_commands_of_a_noun)
{
	struct document document CLEANUP(document_finish) = read_test_document();
	struct text text CLEANUP(text_finish) = TEXT_INIT(65536);
	const char *const noun[] = {"thing"};

	help_put_commands(&document, noun, 1, &text);
	cr_assert(strstr(text_string(&text), "thing part get <thing_id> <part_id>"));
	cr_assert_null(strstr(text_string(&text), "deadlines"));
}
