/* Owns what JSON Schema says of values as such: their types, equality, order and length. */
#include "contract/schema_model.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define PAIRWISE_MAX 12

unsigned value_type(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return TYPE_OBJECT;
	case JSON_ARRAY:
		return TYPE_ARRAY;
	case JSON_STRING:
		return TYPE_STRING;
	case JSON_INTEGER:
		return TYPE_INTEGER;
	case JSON_REAL:
		return json_real_value(value) == floor(json_real_value(value)) ? TYPE_INTEGER
		                                                               : TYPE_FRACTION;
	case JSON_TRUE:
	case JSON_FALSE:
		return TYPE_BOOLEAN;
	default:
		return TYPE_NULL;
	}
}

void types_write(struct text *text, unsigned types)
{
	static const struct {
		unsigned types;
		const char *name;
	} names[] = {{TYPE_OBJECT, "an object"}, {TYPE_ARRAY, "an array"}, {TYPE_STRING, "a string"},
	    {TYPE_NUMBER, "a number"}, {TYPE_INTEGER, "an integer"}, {TYPE_FRACTION, "a fraction"},
	    {TYPE_BOOLEAN, "a boolean"}, {TYPE_NULL, "null"}};
	bool first = true;

	for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
		if ((types & names[i].types) != names[i].types)
			continue;
		types &= ~names[i].types;
		if (!first)
			text_puts(text, types ? ", " : " or ");
		text_puts(text, names[i].name);
		first = false;
	}
}

int number_compare(const json_t *left, const json_t *right)
{
	if (json_is_integer(left) && json_is_integer(right)) {
		json_int_t a = json_integer_value(left);
		json_int_t b = json_integer_value(right);
		return (a > b) - (a < b);
	}
	double a = json_number_value(left);
	double b = json_number_value(right);
	return (a > b) - (a < b);
}

bool number_is_multiple(const json_t *value, const json_t *divisor)
{
	if (json_is_integer(value) && json_is_integer(divisor)) {
		json_int_t by = json_integer_value(divisor);
		/* The one quotient that overflows. */
		return by == -1 || json_integer_value(value) % by == 0;
	}
	double quotient = json_number_value(value) / json_number_value(divisor);
	if (!isfinite(quotient) || fabs(quotient) > 1 / DBL_EPSILON)
		return remainder(json_number_value(value), json_number_value(divisor)) == 0;
	/* Decimal fractions are not exact in binary: 0.0075 / 0.0001 is a hair off 75. */
	double slack = 4 * DBL_EPSILON * fmax(1, fabs(quotient));
	return fabs(quotient - nearbyint(quotient)) <= slack;
}

size_t code_points(const char *text, size_t length)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++)
		count += ((unsigned char)text[i] & 0xC0) != 0x80;
	return count;
}

static bool objects_equal(const json_t *left, const json_t *right)
{
	const char *key;
	json_t *value;

	if (json_object_size(left) != json_object_size(right))
		return false;
	json_object_foreach ((json_t *)left, key, value) {
		const json_t *other = json_object_get(right, key);
		if (!other || !value_equals(value, other))
			return false;
	}
	return true;
}

static bool arrays_equal(const json_t *left, const json_t *right)
{
	size_t count = json_array_size(left);

	if (count != json_array_size(right))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!value_equals(json_array_get(left, i), json_array_get(right, i)))
			return false;
	return true;
}

bool value_equals(const json_t *left, const json_t *right)
{
	if (json_is_number(left) && json_is_number(right))
		return number_compare(left, right) == 0;
	if (json_typeof(left) != json_typeof(right))
		return false;
	switch (json_typeof(left)) {
	case JSON_OBJECT:
		return objects_equal(left, right);
	case JSON_ARRAY:
		return arrays_equal(left, right);
	case JSON_STRING:
		return json_string_length(left) == json_string_length(right) &&
		       memcmp(json_string_value(left), json_string_value(right),
		           json_string_length(left)) == 0;
	default:
		return true;
	}
}

static size_t hash_bytes(const void *bytes, size_t length, size_t hash)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ at[i]) * (size_t)0x100000001b3;
	return hash;
}

/* Equal values have equal hashes; members of an object count in any order. */
static size_t hash_value(const json_t *value)
{
	size_t hash = (size_t)0xcbf29ce484222325;

	if (json_is_string(value))
		return hash_bytes(json_string_value(value), json_string_length(value), hash);
	if (json_is_number(value)) {
		double number = json_number_value(value) + 0.0;
		return hash_bytes(&number, sizeof(number), hash + 1);
	}
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			size_t item = hash_value(json_array_get(value, i));
			hash = hash_bytes(&item, sizeof(item), hash + 2);
		}
		return hash;
	}
	if (json_is_object(value)) {
		const char *key;
		json_t *member;
		size_t sum = 0;
		json_object_foreach ((json_t *)value, key, member)
			sum += hash_bytes(key, strlen(key), hash_value(member));
		return hash + 3 + sum;
	}
	return hash + 4 + json_typeof(value);
}

struct hashed {
	size_t hash;
	const json_t *value;
};

static void hashed_destroy(struct hashed *items)
{
	free(items);
}
DEFINE_CLEANUP(struct hashed *, hashed_destroy)

static int hashed_compare(const void *left, const void *right)
{
	const struct hashed *a = left;
	const struct hashed *b = right;

	return (a->hash > b->hash) - (a->hash < b->hash);
}

/* Compares each item with those after it, as long as their hashes are equal. */
static bool sorted_differ(const struct hashed *items, size_t count, unsigned long *budget)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count && items[j].hash == items[i].hash; j++) {
			if (!*budget)
				return false;
			--*budget;
			if (value_equals(items[i].value, items[j].value))
				return false;
		}
	}
	return true;
}

bool items_differ(const json_t *array, unsigned long *budget)
{
	struct hashed few[PAIRWISE_MAX];
	size_t count = json_array_size(array);

	CLEANUP(hashed_destroy) struct hashed *many = NULL;
	struct hashed *items = few;
	if (count > PAIRWISE_MAX) {
		many = calloc(count, sizeof(*many));
		if (!many)
			abort();
		items = many;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(array, i);
		items[i] = (struct hashed){hash_value(value), value};
	}
	if (count > 1)
		qsort(items, count, sizeof(*items), hashed_compare);
	return sorted_differ(items, count, budget);
}
