/* The command line, taken apart. */
#include "cli/arguments.h"
#include "document.h"

struct parsed {
	struct document document;
	struct arguments arguments;
	struct text message;
	bool ok;
};

static void finish(struct parsed *parsed)
{
	document_finish(&parsed->document);
	text_finish(&parsed->message);
}
DEFINE_VALUE_CLEANUP(struct parsed, finish)

#define PARSE(...) parse((char *[]){(char *)"cspr", __VA_ARGS__, NULL})

static struct parsed parse(char **argv)
{
	struct parsed parsed = {.document = read_test_document(), .message = TEXT_INIT(1024)};
	int argc = 0;

	while (argv[argc])
		argc++;
	parsed.ok = arguments_parse(&parsed.document, argc, argv, &parsed.arguments, &parsed.message);
	return parsed;
}

Test(arguments, name_the_operation_and_keep_its_positions)
{
	struct parsed parsed CLEANUP(finish) =
	    PARSE((char *)"thing", (char *)"part", (char *)"get", (char *)"a", (char *)"b");

	cr_assert(parsed.ok);
	cr_assert_str_eq(parsed.arguments.operation->id, "getPart");
	cr_assert_eq(parsed.arguments.word_count, 2);
	cr_assert_str_eq(parsed.arguments.words[1], "b");
}

Test(arguments, turn_a_bracketed_parameter_into_a_flag)
{
	struct parsed parsed CLEANUP(finish) = PARSE((char *)"thing", (char *)"list",
	    (char *)"--aware-on-gte", (char *)"2024-01-01", (char *)"--limit=3", (char *)"--closed");

	cr_assert(parsed.ok, "%s", text_string(&parsed.message));
	cr_assert_str_eq(arguments_flag(&parsed.arguments, "aware_on[gte]"), "2024-01-01");
	cr_assert_str_eq(arguments_flag(&parsed.arguments, "limit"), "3");
	cr_assert_str_eq(arguments_flag(&parsed.arguments, "closed"), "true");
}

Test(arguments, say_false_for_a_switch_in_two_ways)
{
	struct parsed negated CLEANUP(finish) =
	    PARSE((char *)"thing", (char *)"list", (char *)"--no-closed");
	struct parsed said CLEANUP(finish) =
	    PARSE((char *)"thing", (char *)"list", (char *)"--closed=false");

	cr_assert(negated.ok, "%s", text_string(&negated.message));
	cr_assert_str_eq(arguments_flag(&negated.arguments, "closed"), "false");
	cr_assert(said.ok, "%s", text_string(&said.message));
	cr_assert_str_eq(arguments_flag(&said.arguments, "closed"), "false");
}

Test(arguments, let_common_options_stand_before_the_command)
{
	struct parsed parsed CLEANUP(finish) = PARSE(
	    (char *)"--url", (char *)"http://x", (char *)"-ojson", (char *)"thing", (char *)"list");

	cr_assert(parsed.ok);
	cr_assert_str_eq(parsed.arguments.url, "http://x");
	cr_assert_eq(parsed.arguments.output, OUTPUT_JSON);
	cr_assert_str_eq(parsed.arguments.operation->id, "listThings");
}

Test(arguments, read_what_follows_two_dashes_as_words)
{
	struct parsed parsed CLEANUP(finish) =
	    PARSE((char *)"thing", (char *)"get", (char *)"--", (char *)"--limit");

	cr_assert(parsed.ok);
	cr_assert_str_eq(parsed.arguments.words[0], "--limit");
}

Test(arguments, prefer_the_longer_of_two_commands)
{
	struct parsed check CLEANUP(finish) = PARSE((char *)"deadlines", (char *)"check");
	struct parsed list CLEANUP(finish) = PARSE((char *)"deadlines", (char *)"list");
	struct parsed plain CLEANUP(finish) = PARSE((char *)"deadlines");

	cr_assert_str_eq(check.arguments.builtin->words, "deadlines check");
	cr_assert_null(list.arguments.builtin);
	cr_assert_str_eq(list.arguments.operation->id, "listDeadlines");
	cr_assert_str_eq(plain.arguments.builtin->words, "deadlines");
}

Test(arguments, refuse_what_nobody_takes)
{
	char *const refused[][5] = {
	    {(char *)"thing", (char *)"list", (char *)"--nonsense", NULL},
	    {(char *)"thing", (char *)"list", (char *)"--limit", NULL},
	    {(char *)"thing", (char *)"list", (char *)"-oyaml", NULL},
	    {(char *)"thing", (char *)"list", (char *)"--yes=1", NULL},
	    {(char *)"--limit", (char *)"3", (char *)"thing", NULL},
	    {(char *)"--url", (char *)"a", (char *)"--url=b", NULL},
	    {(char *)"thing", (char *)"list", (char *)"-x", NULL},
	    {(char *)"thing", (char *)"list", (char *)"--no-closed=true", NULL},
	    {(char *)"thing", (char *)"list", (char *)"--no-limit", NULL},
	    {(char *)"thing", (char *)"list", (char *)"--closed", (char *)"--no-closed"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(refused); i++) {
		struct parsed parsed CLEANUP(finish) =
		    PARSE(refused[i][0], refused[i][1], refused[i][2], refused[i][3], refused[i][4]);
		cr_expect_not(parsed.ok, "case %zu", i);
		cr_expect(parsed.message.length, "case %zu says why", i);
	}
}

Test(arguments, check_the_range_of_numbers)
{
	struct parsed parsed CLEANUP(finish) = PARSE((char *)"watch", (char *)"--count", (char *)"0");
	long number = -1;

	cr_assert(parsed.ok);
	cr_assert_not(arguments_number(&parsed.arguments, "count", 1, 10, 5, &number, &parsed.message));
	cr_assert(arguments_number(&parsed.arguments, "count", 0, 10, 5, &number, &parsed.message));
	cr_assert_eq(number, 0);
	cr_assert(arguments_number(&parsed.arguments, "port", 1, 10, 5, &number, &parsed.message));
	cr_assert_eq(number, 5);
}

Test(document, finds_schemas_through_references_and_lists)
{
	struct document document CLEANUP(document_finish) = read_test_document();
	const json_t *body = document_operation(&document, "createIncident")->body;

	cr_assert(schema_allows(document_schema_at(&document, body, "children.0.sex"), "string"));
	cr_assert(
	    schema_allows(document_schema_at(&document, body, "children.1.age_years"), "integer"));
	cr_assert_null(document_schema_at(&document, body, "children.0.shoe"));
	cr_assert_null(document_schema_at(&document, body, "children..sex"));
}

Test(document, is_refused_when_it_is_not_json)
{
	struct document document;
	struct text message CLEANUP(text_finish) = TEXT_INIT(1024);

	cr_assert_not(document_read("{", 1, &document, &message));
	cr_assert(message.length);
}
