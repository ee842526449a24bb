/* Owns the opening of what an endpoint keeps sealed, for as long as one call is prepared. */
#include "outbox/opened.h"

#include <string.h>

#include "base/digest.h"

/* The largest of what is sealed is a bundle of authorities; openapi/schemas/delivery.yaml. */
#define MATERIAL_BYTES ((size_t)64 * 1024)

static void wipe(struct text *text)
{
	if (text->data)
		explicit_bzero(text->data, text->length);
	text_finish(text);
}

void opened_finish(struct opened *opened)
{
	json_decref(opened->headers);
	json_decref(opened->client);
	text_finish(&opened->bundle);
	explicit_bzero(opened->signature, sizeof(opened->signature));
}

/* The four keys of a delivery, opened. */
struct key_texts {
	struct text texts[4];
	size_t count;
};

static void key_texts_finish(struct key_texts *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		wipe(&keys->texts[i]);
}
DEFINE_VALUE_CLEANUP(struct key_texts, key_texts_finish)

/* What is not there is NULL and opened. */
static bool open_key(
    const unsigned char key[32], const char *sealed, struct key_texts *keys, const char **ret_text)
{
	*ret_text = NULL;
	if (!sealed)
		return true;
	struct text *text = &keys->texts[keys->count++];
	*text = TEXT_INIT(WEBHOOK_SECRET_MAX);
	if (!webhook_text_unseal(key, sealed, text))
		return false;
	*ret_text = text_string(text);
	return true;
}

static bool open_json(const unsigned char key[32], const char *sealed, json_t **ret_json)
{
	struct text text = TEXT_INIT(MATERIAL_BYTES);

	if (!sealed)
		return true;
	if (webhook_text_unseal(key, sealed, &text))
		*ret_json = json_loads(text_string(&text), 0, NULL);
	wipe(&text);
	return *ret_json != NULL;
}

bool delivery_open(const struct delivery *delivery, const unsigned char key[32], int64_t timestamp,
    struct opened *ret_opened)
{
	CLEANUP(key_texts_finish) struct key_texts texts = {0};
	struct webhook_keys keys;

	*ret_opened = (struct opened){.bundle = TEXT_INIT(MATERIAL_BYTES)};
	return open_key(key, delivery->secret_sealed, &texts, &keys.secret) &&
	       open_key(key, delivery->previous_secret_sealed, &texts, &keys.previous_secret) &&
	       open_key(key, delivery->signing_key_sealed, &texts, &keys.signing_key) &&
	       open_key(
	           key, delivery->previous_signing_key_sealed, &texts, &keys.previous_signing_key) &&
	       webhook_sign(&keys, delivery->id, timestamp, delivery->body, strlen(delivery->body),
	           ret_opened->signature) &&
	       open_json(key, delivery->headers_sealed, &ret_opened->headers) &&
	       open_json(key, delivery->client_certificate_sealed, &ret_opened->client) &&
	       (!delivery->ca_bundle_sealed ||
	           webhook_text_unseal(key, delivery->ca_bundle_sealed, &ret_opened->bundle));
}

struct letter delivery_letter(
    const struct delivery *delivery, const struct opened *opened, int64_t timestamp)
{
	return (struct letter){
	    .id = delivery->id,
	    .url = delivery->url,
	    .signature = opened->signature,
	    .timestamp = timestamp,
	    .body = delivery->body,
	    .length = strlen(delivery->body),
	    .headers = opened->headers,
	    .certificate = json_string_value(json_object_get(opened->client, "certificate")),
	    .key = json_string_value(json_object_get(opened->client, "key")),
	    .ca_bundle = opened->bundle.length ? text_string(&opened->bundle) : NULL,
	};
}
