/* Owns the handle of a run, and what is said when a call fails. */
#include "cli/session.h"

#include "cli/report.h"

void session_finish(struct session *session)
{
	cspr_destroy(session->cspr);
	access_finish(&session->access);
	session->cspr = NULL;
}

int session_find_access(struct session *session, const struct arguments *arguments)
{
	struct text message CLEANUP(text_finish) = TEXT_INIT(4096);

	if (session->access.url)
		return EXIT_OK;
	if (!access_find(arguments, &session->access, &message))
		return report_usage("%s", text_string(&message));
	return EXIT_OK;
}

static bool read_timeout(const char *seconds, long *ret_milliseconds)
{
	char *end = NULL;

	if (!seconds)
		return true;
	double value = strtod(seconds, &end);
	if (end == seconds || *end || !(value >= 0.001 && value <= 3600))
		return false;
	*ret_milliseconds = (long)(value * 1000);
	return true;
}

int session_open(struct session *session, const struct arguments *arguments)
{
	long timeout_ms = 30000;

	if (session->cspr)
		return EXIT_OK;
	if (!read_timeout(arguments->timeout, &timeout_ms))
		return report_usage("--timeout is a number of seconds from 0.001 to 3600");
	int code = session_find_access(session, arguments);
	if (code != EXIT_OK)
		return code;
	struct text agent CLEANUP(text_finish) = TEXT_INIT(64);
	text_printf(&agent, "cspr/%s", cspr_version());
	const struct cspr_options options = {
	    .url = session->access.url,
	    .token = session->access.token,
	    .user_agent = text_string(&agent),
	    .ca_file = arguments->ca_file,
	    .timeout_ms = timeout_ms + session->keeps_ms,
	    .retry_ms = session->keeps_ms ? -1 : 0,
	    .interrupted = session->interrupted,
	    .plain_http = arguments->allow_http,
	};
	enum cspr_error error = cspr_create(&options, &session->cspr);
	if (error == CSPR_USAGE)
		return report_usage("%s cannot be called: the address must be http or https without user, "
		                    "query or fragment, the token plain ASCII; over plain http a token "
		                    "goes to another machine only with --allow-http",
		    session->access.url);
	if (error != CSPR_OK)
		report("%s", cspr_error_text(error));
	return exit_code_of_error(error);
}

int session_call(struct session *session, const struct cspr_request *request,
    struct cspr_response **ret_response)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	enum cspr_error error = cspr_call(session->cspr, request, &response);
	const char *key = cspr_idempotency_key(session->cspr);

	if (error == CSPR_INTERRUPTED)
		return exit_code_of_error(error);
	if (error != CSPR_OK)
		return report_failure(session->cspr, error, key);
	int code = exit_code_of_status(cspr_status(response));
	if (code != EXIT_OK)
		code = report_answer(response, key);
	*ret_response = TAKE(response);
	return code;
}

int session_json(const struct cspr_response *response, json_t **ret_value)
{
	size_t length = 0;
	const char *body = cspr_body(response, &length);
	json_t *value = json_loadb(body, length, JSON_DECODE_ANY, NULL);

	if (!value) {
		report("The service's answer is not JSON");
		return EXIT_OTHER;
	}
	*ret_value = value;
	return EXIT_OK;
}

int session_next_page(struct session *session, struct cspr_pages *pages, json_t **ret_page)
{
	struct cspr_response *response CLEANUP(cspr_response_destroy) = NULL;
	enum cspr_error error = cspr_pages_next(pages, &response);

	*ret_page = NULL;
	if (error != CSPR_OK)
		return report_failure(session->cspr, error, NULL);
	if (!response)
		return EXIT_OK;
	if (cspr_status(response) != 200)
		return report_answer(response, NULL);
	return session_json(response, ret_page);
}

int session_whole_list(
    struct session *session, const struct cspr_request *request, json_t **ret_list)
{
	struct cspr_pages *pages CLEANUP(cspr_pages_destroy) = NULL;
	json_t *rows CLEANUP(json_decref) = json_array();
	enum cspr_error error = cspr_pages_create(session->cspr, request, &pages);

	if (error != CSPR_OK)
		return report_failure(session->cspr, error, NULL);
	for (;;) {
		json_t *page CLEANUP(json_decref) = NULL;
		int code = session_next_page(session, pages, &page);
		if (code != EXIT_OK)
			return code;
		if (!page)
			break;
		if (json_array_extend(rows, json_object_get(page, "data")) != 0)
			return EXIT_OTHER;
	}
	*ret_list = json_pack("{s:O, s:b}", "data", rows, "has_more", 0);
	return *ret_list ? EXIT_OK : EXIT_OTHER;
}
