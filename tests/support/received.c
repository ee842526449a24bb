/* What a receiver got: its headers and its Standard Webhooks signature. */
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "support/support.h"

#define SIGNED_MOST (4U << 20)

char *received_header(const struct received *received, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = received->headers; *line;) {
		size_t end = strcspn(line, "\r\n");
		if (end > length && strncasecmp(line, name, length) == 0 && line[length] == ':') {
			const char *value = line + length + 1 + strspn(line + length + 1, " ");
			return strndup(value, (size_t)(line + end - value));
		}
		line += end + strspn(line + end, "\r\n");
	}
	return NULL;
}

bool received_is_signed(const struct received *received, const char *secret)
{
	CLEANUP(free) char *id = received_header(received, "webhook-id");
	CLEANUP(free) char *timestamp = received_header(received, "webhook-timestamp");
	CLEANUP(free) char *signatures = received_header(received, "webhook-signature");
	CLEANUP(text_finish) struct text key = TEXT_INIT(100);
	CLEANUP(text_finish) struct text content = TEXT_INIT(SIGNED_MOST);
	CLEANUP(text_finish) struct text wanted = TEXT_INIT(100);
	unsigned char digest[DIGEST_BYTES];
	const char *encoded = secret + strlen("whsec_");

	if (!id || !timestamp || !signatures || strncmp(secret, "whsec_", 6) != 0 ||
	    !base64_decode(encoded, strlen(encoded), &key))
		return false;
	text_printf(&content, "%s.%s.", id, timestamp);
	text_append(&content, received->body, received->body_length);
	digest_hmac_sha256(key.data, key.length, content.data, content.length, digest);
	text_puts(&wanted, "v1,");
	base64_encode(digest, sizeof(digest), &wanted);
	char *rest = NULL;
	for (char *one = strtok_r(signatures, " ", &rest); one; one = strtok_r(NULL, " ", &rest))
		if (strcmp(one, text_string(&wanted)) == 0)
			return true;
	return false;
}
