/* Owns the rendering of a request as a command for curl. */
#include "cli/curl_line.h"

/* Within single quotes a shell reads everything as it is, but for the quote itself. */
static void put_quoted(struct text *text, const char *bytes, size_t length)
{
	text_putc(text, '\'');
	for (size_t i = 0; i < length; i++) {
		if (bytes[i] == '\'')
			text_puts(text, "'\\''");
		else
			text_putc(text, bytes[i]);
	}
	text_putc(text, '\'');
}

static void put_header(struct text *text, const char *name, const char *value)
{
	struct text line CLEANUP(text_finish) = TEXT_INIT(65536);

	text_printf(&line, "%s: %s", name, value);
	text_puts(text, " \\\n  --header ");
	put_quoted(text, text_string(&line), line.length);
}

static void put_url(struct text *text, const char *url, const struct cspr_request *request)
{
	struct text whole CLEANUP(text_finish) = TEXT_INIT(65536);
	size_t length = strlen(url);

	while (length && url[length - 1] == '/')
		length--;
	text_append(&whole, url, length);
	text_puts(&whole, request->path);
	for (size_t i = 0; i < request->query_count; i++) {
		text_putc(&whole, i ? '&' : '?');
		text_put_escaped(&whole, request->query[i].name);
		text_putc(&whole, '=');
		text_put_escaped(&whole, request->query[i].value);
	}
	text_puts(text, " \\\n  ");
	put_quoted(text, text_string(&whole), whole.length);
}

void curl_line_put(
    const char *url, bool with_token, const struct cspr_request *request, struct text *text)
{
	bool accepts = false;

	text_puts(text, "curl --silent --show-error --fail-with-body --request ");
	text_puts(text, request->method);
	if (with_token)
		text_puts(text, " --header @-");
	for (size_t i = 0; i < request->header_count; i++) {
		put_header(text, request->headers[i].name, request->headers[i].value);
		accepts = accepts || strcasecmp(request->headers[i].name, "Accept") == 0;
	}
	if (!accepts)
		put_header(text, "Accept", "application/json");
	if (request->idempotency_key && request->idempotency_key[0])
		put_header(text, "Idempotency-Key", request->idempotency_key);
	if (request->body) {
		put_header(text, "Content-Type",
		    request->content_type ? request->content_type : "application/json");
		text_puts(text, " \\\n  --data-raw ");
		put_quoted(text, request->body, request->body_length);
	}
	put_url(text, url, request);
	if (with_token)
		text_puts(text, " <<HEADER\nAuthorization: Bearer $CSPR_TOKEN\nHEADER");
	text_putc(text, '\n');
}
