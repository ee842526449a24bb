/* Every type that PostgreSQL sends, as the server itself writes it. */
#include "fixture.h"

#include <string.h>

TestSuite(rows, .init = fixture_open, .fini = fixture_close);

static const char *const expected_json =
    "{\"boolean\":true,\"smallint\":1,\"integer\":2,\"bigint\":9007199254740993,"
    "\"numeric\":1.50,\"not_a_number\":null,\"real\":0.5,\"double\":1e+20,\"infinite\":null,"
    "\"oid\":26,\"text\":\"te\\\"x\\\\t\\n\",\"varchar\":\"v\",\"char\":\"c  \",\"name\":\"n\","
    "\"enum\":\"sad\",\"domain\":4,\"uuid\":\"018f3c5e-0000-7000-8000-000000000001\","
    "\"date\":\"2024-06-30\",\"time\":\"10:20:00\",\"timestamp\":\"2024-06-30 10:20:00\","
    "\"timestamptz\":\"2024-06-30 09:20:00+00\",\"interval\":\"P1DT2H\",\"bytea\":\"\\\\x00ff\","
    "\"json\":{\"a\":[1, null]},\"jsonb\":{\"b\": {\"c\": \"d\"}},"
    "\"texts\":[\"a\",\"b\\\"c\",null,\"{}\",\"x,y\",\"NULL\",\"\"],\"integers\":[1,2],"
    "\"booleans\":[true,false],\"documents\":[{\"a\": \"}\"}],\"nothing\":[],\"absent\":null}";

static const char *const expected_csv =
    "boolean,smallint,integer,bigint,numeric,not_a_number,real,double,infinite,oid,text,varchar,"
    "char,name,enum,domain,uuid,date,time,timestamp,timestamptz,interval,bytea,json,jsonb,texts,"
    "integers,booleans,documents,nothing,absent\r\n"
    "true,1,2,9007199254740993,1.50,,0.5,1e+20,,26,\"te\"\"x\\t\n\",v,c  ,n,sad,4,"
    "018f3c5e-0000-7000-8000-000000000001,2024-06-30,10:20:00,2024-06-30 10:20:00,"
    "2024-06-30 09:20:00+00,P1DT2H,\\x00ff,\"{\"\"a\"\":[1, null]}\","
    "\"{\"\"b\"\": {\"\"c\"\": \"\"d\"\"}}\","
    "\"[\"\"a\"\",\"\"b\\\"\"c\"\",null,\"\"{}\"\",\"\"x,y\"\",\"\"NULL\"\",\"\"\"\"]\","
    "\"[1,2]\",\"[true,false]\",\"[{\"\"a\"\": \"\"}\"\"}]\",[],\r\n";

Test(rows, carry_each_type_into_json_and_csv)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	CLEANUP(batch_finish) struct batch batch = {0};
	CLEANUP(text_finish) struct text text = TEXT_INIT(10000);

	fixture_batch(lease, BATCH_READ, &SQL_TEST_TYPES, NULL, &batch);
	const struct rows *rows = batch_rows(&batch, 0);
	rows_put_object(rows, 0, &text);
	cr_expect_str_eq(text_string(&text), expected_json);
	CLEANUP(json_decref) json_t *parsed = json_loads(text_string(&text), 0, NULL);
	cr_expect_not_null(parsed);
	text_clear(&text);
	rows_put_csv_header(rows, &text);
	text_puts(&text, "\r\n");
	rows_put_csv_row(rows, 0, &text);
	text_puts(&text, "\r\n");
	cr_expect_str_eq(text_string(&text), expected_csv);
	cr_expect_eq(rows_number(rows, 0, "_hidden"), 5);
	cr_expect_eq(rows_number(rows, 0, "bigint"), 9007199254740993);
	cr_expect(rows_flag(rows, 0, "boolean"));
}

Test(rows, of_hostile_text_stay_one_json_string)
{
	CLEANUP(pool_destroy) struct pool *pool = fixture_pool(1);
	CLEANUP(pool_return) struct lease *lease = fixture_lease(pool);
	static const char *const hostile[] = {
	    "\",\"admin\":true,\"x\":\"", "\\", "\\\"", "\x1b[31m", "</script>", "\r\nSet-Cookie: a=b"};

	for (size_t i = 0; i < ARRAY_LENGTH(hostile); i++) {
		CLEANUP(batch_finish) struct batch batch = {0};
		CLEANUP(text_finish) struct text json = TEXT_INIT(10000);
		struct bindings bindings = bindings_of("value", hostile[i], NULL);

		fixture_batch(lease, BATCH_READ, &SQL_TEST_ECHO, &bindings, &batch);
		rows_put_object(batch_rows(&batch, 0), 0, &json);
		CLEANUP(json_decref)
		json_t *parsed = json_loads(text_string(&json), JSON_REJECT_DUPLICATES, NULL);
		cr_assert_not_null(parsed, "%s", text_string(&json));
		cr_expect_eq(json_object_size(parsed), 1);
		cr_expect_str_eq(json_string_value(json_object_get(parsed, "value")), hostile[i]);
	}
}
