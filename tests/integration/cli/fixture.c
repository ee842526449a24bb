/* Owns the runs of the command line and what they leave behind. */
#include "fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/program.h"

#define WORDS_MOST 64
#define SETTINGS_MOST 24
#define SECRETS_MOST 8

/* Reachable to the end, so that tests need not say who releases what. */
struct kept {
	struct kept *next;
	struct outcome outcome;
	struct ran ran;
	char *text;
};
static struct kept *everything;

static char scratch[64];
static const char *token;
static bool token_is_set;
static const char *next_input;
static struct setting settings[SETTINGS_MOST];
static size_t setting_count;
static const char *secrets[SECRETS_MOST];
static size_t secret_count;

static struct kept *keep(void)
{
	struct kept *kept = calloc(1, sizeof(*kept));

	if (!kept)
		give_up("no memory");
	kept->next = everything;
	everything = kept;
	return kept;
}

static const char *print(const char *format, va_list arguments)
{
	struct kept *kept = keep();

	if (vasprintf(&kept->text, format, arguments) < 0)
		give_up("no memory");
	return kept->text;
}

const char *text_of(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *text = print(format, arguments);
	va_end(arguments);
	return text;
}

const char *json_of(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *text = (char *)print(format, arguments);
	va_end(arguments);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	return text;
}

const char *day(int offset)
{
	time_t now = time(NULL) + (time_t)offset * 24 * 60 * 60;
	struct tm local;
	char text[11];

	setenv("TZ", "Europe/London", 1);
	tzset();
	localtime_r(&now, &local);
	strftime(text, sizeof(text), "%Y-%m-%d", &local);
	return text_of("%s", text);
}

void scratch_make(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/cspr-cli-XXXXXX");
	if (!mkdtemp(scratch))
		give_up("no directory for a test");
}

void scratch_remove(void)
{
	const char *const arguments[] = {"/bin/rm", "-rf", scratch, NULL};
	CLEANUP(outcome_finish) struct outcome outcome = {0};

	program_run(arguments, NULL, NULL, &outcome);
}

const char *scratch_path(const char *name)
{
	return text_of("%s/%s", scratch, name);
}

const char *scratch_file(const char *name, const char *content)
{
	const char *path = scratch_path(name);
	FILE *file = fopen(path, "we");

	if (!file || fputs(content, file) < 0 || fclose(file) != 0)
		give_up("%s cannot be written", path);
	return path;
}

void as(const char *new_token)
{
	token = new_token;
	token_is_set = true;
}

void with(const char *name, const char *value)
{
	if (setting_count == SETTINGS_MOST - 1)
		give_up("too many settings");
	settings[setting_count++] = (struct setting){name, value};
}

void give(const char *input)
{
	next_input = input;
}

void never_print(const char *secret)
{
	if (secret_count == SECRETS_MOST)
		give_up("too many secrets");
	secrets[secret_count++] = secret;
}

static const char *current_token(void)
{
	return token_is_set ? token : stage()->council;
}

/* The stage's service and the caller, and then what the test has set. */
static void environment(struct setting ret_settings[SETTINGS_MOST + 4])
{
	const struct setting usual[] = {{"CSPR_URL", stage()->service.url},
	    {"CSPR_TOKEN", current_token()}, {"XDG_CONFIG_HOME", scratch}};

	memset(ret_settings, 0, sizeof(struct setting) * (SETTINGS_MOST + 4));
	memcpy(ret_settings, usual, sizeof(usual));
	memcpy(ret_settings + ARRAY_LENGTH(usual), settings, sizeof(settings));
}

static void collect(
    const char *first, const char *second, va_list rest, const char *ret_words[WORDS_MOST])
{
	size_t count = 0;

	ret_words[count++] = first;
	if (second)
		ret_words[count++] = second;
	while (second && (ret_words[count] = va_arg(rest, const char *)))
		if (++count == WORDS_MOST)
			give_up("too many words");
	ret_words[count] = NULL;
}

static void expect_no_secrets(const struct ran *ran)
{
	const char *own = current_token();

	for (size_t i = 0; i < secret_count; i++)
		cr_assert(!strstr(ran->output, secrets[i]) && !strstr(ran->errors, secrets[i]),
		    "a secret was printed: %s%s", ran->output, ran->errors);
	cr_assert(!own || (!strstr(ran->output, own) && !strstr(ran->errors, own)),
	    "the token was printed: %s%s", ran->output, ran->errors);
}

static const struct ran *run_words(const char *const words[])
{
	struct kept *kept = keep();
	struct setting merged[SETTINGS_MOST + 4];
	const char *input = next_input;

	next_input = NULL;
	environment(merged);
	program_run(words, merged, input, &kept->outcome);
	const struct text *output = &kept->outcome.output;
	kept->ran = (struct ran){
	    .status = kept->outcome.status,
	    .output = text_string(output),
	    .errors = text_string(&kept->outcome.errors),
	    .json = json_loadb(text_string(output), output->length, JSON_DECODE_ANY, NULL),
	};
	expect_no_secrets(&kept->ran);
	return &kept->ran;
}

const struct ran *run(const char *word, ...)
{
	const char *words[WORDS_MOST + 1];
	va_list rest;

	va_start(rest, word);
	collect(environment_value("CSPR"), word, rest, words);
	va_end(rest);
	return run_words(words);
}

const struct ran *run_program(const char *path, ...)
{
	const char *words[WORDS_MOST + 1];
	va_list rest;

	va_start(rest, path);
	const char *first = va_arg(rest, const char *);
	collect(path, first, rest, words);
	va_end(rest);
	return run_words(words);
}

pid_t start(const char *output, const char *word, ...)
{
	const char *words[WORDS_MOST + 1];
	struct setting merged[SETTINGS_MOST + 4];
	va_list rest;

	va_start(rest, word);
	collect(environment_value("CSPR"), word, rest, words);
	va_end(rest);
	environment(merged);
	const struct setting *const lists[] = {merged};
	CLEANUP(environment_destroy) char **variables = environment_make(lists, 1);
	int file = open(output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0)
		give_up("%s cannot be written", output);
	const int streams[3] = {-1, file, file};
	pid_t child = child_start(words, variables, streams);
	close(file);
	return child;
}

json_t *value_at(const struct ran *ran, const char *pointer)
{
	const struct answer answer = {.json = ran->json};
	json_t *value = answer_at(&answer, pointer);

	if (!value)
		give_up("nothing at %s: %s%s", pointer, ran->output, ran->errors);
	return value;
}

const char *text_at(const struct ran *ran, const char *pointer)
{
	const char *text = json_string_value(value_at(ran, pointer));

	if (!text)
		give_up("no string at %s: %s", pointer, ran->output);
	return text;
}

size_t count_lines(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

const char *incident_body(void)
{
	return json_of("{'incident_date':'2024-01-06','aware_on':'2024-01-08',"
	               "'nature':'serious_harm','abuse_neglect_status':'suspected',"
	               "'children':[{'index_child':true,'role':'victim','nature':'serious_harm',"
	               "'age_years':0}]}");
}

const char *incident_made(void)
{
	give(incident_body());
	const struct ran *made = run("incident", "create", "-f", "-", NULL);

	expect_status(made, 0);
	return text_at(made, "/id");
}
