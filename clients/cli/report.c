/* Owns the wording of failures on standard error. */
#include "cli/report.h"

#include "cli/terminal.h"

#define REPORT_BYTES ((size_t)256 * 1024)

static void print(const struct text *text)
{
	fwrite(text_string(text), 1, text->length, stderr);
	fflush(stderr);
}

static void report_arguments(const char *format, va_list arguments)
{
	struct text clean CLEANUP(text_finish) = TEXT_INIT(REPORT_BYTES);
	char *sentence CLEANUP(free) = NULL;

	if (vasprintf(&sentence, format, arguments) < 0)
		sentence = NULL;
	text_puts(&clean, "cspr: ");
	terminal_put(&clean, sentence ? sentence : "memory ended", true);
	text_putc(&clean, '\n');
	print(&clean);
}

void report(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_arguments(format, arguments);
	va_end(arguments);
}

int report_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	report_arguments(format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

static void put_fault(const struct cspr_fault *fault, struct text *text)
{
	text_puts(text, "  ");
	if (fault->pointer[0]) {
		terminal_put(text, fault->pointer, false);
		text_puts(text, ": ");
	}
	terminal_put(text, fault->detail[0] ? fault->detail : fault->code, false);
	if (fault->detail[0] && fault->code[0]) {
		text_puts(text, " (");
		terminal_put(text, fault->code, false);
		text_puts(text, ")");
	}
	text_putc(text, '\n');
}

void report_put_problem(const struct cspr_problem *problem, bool colour, struct text *text)
{
	text_puts(text, colour ? "\033[1;31m" : "");
	terminal_put(text, problem->title[0] ? problem->title : "The service refused", false);
	text_printf(text, " (%d", problem->status);
	if (problem->code[0]) {
		text_putc(text, ' ');
		terminal_put(text, problem->code, false);
	}
	text_puts(text, ")");
	text_puts(text, colour ? "\033[0m\n" : "\n");
	if (problem->detail[0] && strcmp(problem->detail, problem->title) != 0) {
		text_puts(text, "  ");
		terminal_put(text, problem->detail, true);
		text_putc(text, '\n');
	}
	for (size_t i = 0; i < problem->fault_count; i++)
		put_fault(&problem->faults[i], text);
	if (problem->request_id[0]) {
		text_puts(text, "  request ");
		terminal_put(text, problem->request_id, false);
		text_putc(text, '\n');
	}
}

static void put_key(const char *key, struct text *text)
{
	if (key && key[0])
		text_printf(text, "  to repeat it without a second effect: --idempotency-key %s\n", key);
}

int report_answer(const struct cspr_response *response, const char *key)
{
	struct text text CLEANUP(text_finish) = TEXT_INIT(REPORT_BYTES);
	const struct cspr_problem *problem = cspr_problem(response);
	const char *after = cspr_header(response, "Retry-After");
	int status = cspr_status(response);

	text_puts(&text, "cspr: ");
	if (problem) {
		report_put_problem(problem, terminal_has_colour(stderr), &text);
	} else if (status >= 300 && status < 400) {
		text_printf(
		    &text, "The service answered with a redirect (%d), which is not followed\n", status);
	} else {
		text_printf(&text, "The service answered %d without saying why\n", status);
	}
	if (after) {
		text_puts(&text, "  try again after ");
		terminal_put(&text, after, false);
		text_puts(&text, strspn(after, "0123456789") == strlen(after) ? " s\n" : "\n");
	}
	put_key(key, &text);
	print(&text);
	return exit_code_of_status(status);
}

int report_failure(const struct cspr *cspr, enum cspr_error error, const char *key)
{
	struct text text CLEANUP(text_finish) = TEXT_INIT(REPORT_BYTES);
	const char *detail = cspr_detail(cspr);

	text_printf(&text, "cspr: %s", cspr_error_text(error));
	if (detail[0])
		text_printf(&text, ": %s", detail);
	text_putc(&text, '\n');
	put_key(key, &text);
	print(&text);
	return exit_code_of_error(error);
}
