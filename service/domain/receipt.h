/* What a recipient says of a delivery, as it came: parts that were not sent or not sound are NULL.
 */
#pragma once

#include <stddef.h>

struct receipt {
	const char *id;        /* webhook-id: of the delivery */
	const char *timestamp; /* webhook-timestamp: seconds since 1970 */
	const char *signature; /* webhook-signature */
	const char *body;      /* the bytes that are signed */
	size_t length;
	const char *reference; /* what the body says */
	const char *received_at;
};
