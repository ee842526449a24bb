/* Which schemas are refused, and with which words. */
#include <criterion/criterion.h>
#include <string.h>

#include "fixture.h"

static void expect_refused(const char *text, const char *words)
{
	CLEANUP(json_decref) json_t *document = json_of(text);
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(schema_destroy) struct schema *schema = NULL;

	cr_expect_not(schema_compile(document, "", &schema, &problem), "%s compiles", text);
	cr_expect_null(schema);
	cr_expect_eq(problem.kind, PROBLEM_INTERNAL);
	cr_expect(
	    strstr(problem.detail, words), "%s: \"%s\" lacks \"%s\"", text, problem.detail, words);
}

Test(schema_compile, refuses_unknown_keywords_and_says_where)
{
	expect_refused("{'nullable': true}", "at #: the keyword \"nullable\"");
	expect_refused("{'properties': {'a/b': {'maxlength': 3}}}",
	    "at #/properties/a~1b: the keyword \"maxlength\"");
	expect_refused("{'anyOf': [{}, {'items': {'$id': 'x'}}]}", "at #/anyOf/1/items: the keyword");
	expect_refused("{'$defs': {'unused': {'discriminator': {}}}}", "#/$defs/unused");
	expect_refused("{'$ref': '#/$defs/a', '$defs': {'a': {'definitions': {}}}}", "definitions");
	expect_refused("{'dependencies': {}}", "dependencies");
	expect_refused("{'unevaluatedItems': false}", "unevaluatedItems");
}

Test(schema_compile, refuses_malformed_keywords)
{
	static const char *const rows[][2] = {
	    {"{'type': 'text'}", "#/type"},
	    {"{'type': []}", "#/type"},
	    {"{'type': ['string', 1]}", "#/type"},
	    {"{'enum': []}", "#/enum"},
	    {"{'enum': [1, 1.0]}", "#/enum"},
	    {"{'required': 'a'}", "#/required"},
	    {"{'required': ['a', 'a']}", "#/required"},
	    {"{'properties': []}", "#/properties"},
	    {"{'properties': {'a': 1}}", "#/properties/a"},
	    {"{'minLength': -1}", "#/minLength"},
	    {"{'minLength': 1.5}", "#/minLength"},
	    {"{'maxItems': '3'}", "#/maxItems"},
	    {"{'minimum': '3'}", "#/minimum"},
	    {"{'multipleOf': 0}", "#/multipleOf"},
	    {"{'uniqueItems': 1}", "#/uniqueItems"},
	    {"{'items': [{}]}", "prefixItems"},
	    {"{'allOf': []}", "#/allOf"},
	    {"{'allOf': {}}", "#/allOf"},
	    {"{'format': 'hostname'}", "the format \"hostname\""},
	    {"{'format': 1}", "#/format"},
	    {"{'pattern': '('}", "#/pattern"},
	    {"{'then': {}}", "need if"},
	    {"{'minContains': 1}", "need contains"},
	    {"{'dependentRequired': {'a': 'b'}}", "#/dependentRequired/a"},
	    {"{'required': ['nmae'], 'properties': {'name': {}}, 'additionalProperties': false}",
	        "\"nmae\""},
	    {"[]", "a schema is"},
	    {"'string'", "a schema is"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		expect_refused(rows[i][0], rows[i][1]);
}

Test(schema_compile, refuses_references_that_lead_nowhere_or_in_a_circle)
{
	expect_refused("{'$ref': '#/$defs/a'}", "there is no \"#/$defs/a\"");
	expect_refused("{'$ref': 'other.json#/a'}", "there is no \"other.json#/a\"");
	expect_refused("{'$ref': 3}", "#/$ref");
	expect_refused("{'$ref': '#'}", "back to itself");
	expect_refused("{'$ref': '#/$defs/a', '$defs': {'a': {'allOf': [{'$ref': '#/$defs/b'}]},"
	               " 'b': {'if': {'$ref': '#/$defs/a'}}}}",
	    "back to itself");
	expect_refused("{'properties': {'a': {'not': {'$ref': '#/properties/a'}}}}", "back to itself");
}

Test(schema_compile, refuses_patterns_that_a_browser_would_read_otherwise)
{
	static const char *const patterns[] = {"^a\\\\Z", "\\\\Aa", "(*UCP)a", "(?i)a", "(?>a)", "a++",
	    "[[:alpha:]]", "\\\\Qa\\\\E", "\\\\h", "(?#x)", "a{2}+"};

	for (size_t i = 0; i < ARRAY_LENGTH(patterns); i++) {
		char schema[80];
		snprintf(schema, sizeof(schema), "{'pattern': '%s'}", patterns[i]);
		expect_refused(schema, "the pattern is refused");
	}
}

Test(schema_compile, takes_patterns_of_ecma_262)
{
	static const char *const patterns[] = {"^(?:a|b)(?=c)(?!d)(?<=e)(?<!f)(?<name>g)\\\\k<name>$",
	    "[\\\\w.+-]+", "\\\\++", "[+*]+", "^[^[]+$", "\\\\u00e4", "[(*]", "\\\\(\\\\?"};

	for (size_t i = 0; i < ARRAY_LENGTH(patterns); i++) {
		char text[100];
		snprintf(text, sizeof(text), "{'pattern': '%s'}", patterns[i]);
		CLEANUP(json_decref) json_t *document = json_of(text);
		CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
		cr_expect(schema);
	}
}

Test(schema_compile, takes_annotations_and_extensions)
{
	CLEANUP(json_decref)
	json_t *document = json_of(
	    "{'title': 't', 'description': 'd', 'default': {'$ref': 1}, 'example': 1, 'examples': [],"
	    " 'deprecated': true, 'readOnly': true, 'writeOnly': false, '$comment': 'c',"
	    " 'x-class': 'P2'}");
	CLEANUP(schema_destroy) struct schema *schema = schema_of(document);
	CLEANUP(json_decref) json_t *value = json_null();

	cr_expect(schema_check(schema, value, "", NULL));
}

Test(schema_compile, starts_at_a_pointer)
{
	CLEANUP(json_decref)
	json_t *document =
	    json_of("{'components': {'a/b': {'$ref': '#/components/c'}, 'c': {'type': 'integer'}}}");
	CLEANUP(json_decref) json_t *value = json_integer(1);
	CLEANUP(json_decref) json_t *other = json_string("1");
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(schema_destroy) struct schema *schema = NULL;

	cr_assert(schema_compile(document, "/components/a~1b", &schema, &problem));
	cr_expect(schema_check(schema, value, "", NULL));
	cr_expect_not(schema_check(schema, other, "", NULL));

	struct schema *none = NULL;
	cr_expect_not(schema_compile(document, "/components/d", &none, &problem));
	cr_expect_not(schema_compile(document, "components", &none, &problem));
}

Test(schema_compile, refuses_a_document_that_is_nested_too_deeply)
{
	CLEANUP(json_decref) json_t *document = json_object();
	CLEANUP(problem_finish) struct problem problem = {0};
	struct schema *schema = NULL;

	for (int i = 0; i < 100; i++)
		document = json_pack("{s:o}", "items", document);
	cr_expect_not(schema_compile(document, "", &schema, &problem));
	cr_expect(strstr(problem.detail, "deeper"));
}
