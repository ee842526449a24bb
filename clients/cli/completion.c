/*
 * Owns `cspr completion`. The three shells get the same table, one row for each beginning of a
 * command with what may follow it; only the syntax around it differs. Longer beginnings stand
 * first, so that the first that fits is the right one.
 */
#include "cli/completion.h"

#include "cli/output.h"
#include "cli/report.h"
#include "cli/session.h"

#define SCRIPT_BYTES ((size_t)4 * 1024 * 1024)
#define WORDS_MOST 8

struct syntax {
	const char *shell;
	const char *head;
	const char *row; /* beginning, candidates */
	const char *tail;
};

static const struct syntax syntaxes[] = {
    {"bash",
        "_cspr()\n{\n"
        "\tlocal before=\"${COMP_WORDS[*]:1:COMP_CWORD-1} \" candidates=''\n"
        "\tcase \"${before# }\" in\n",
        "\t'%s'*) candidates='%s' ;;\n",
        "\tesac\n"
        "\tmapfile -t COMPREPLY < <(compgen -W \"$candidates\" -- "
        "\"${COMP_WORDS[COMP_CWORD]}\")\n"
        "}\ncomplete -o default -F _cspr cspr\n"},
    {"zsh",
        "#compdef cspr\n_cspr()\n{\n"
        "\tlocal before=\"${words[2,CURRENT-1]} \" candidates=''\n"
        "\tcase \"${before# }\" in\n",
        "\t'%s'*) candidates='%s' ;;\n",
        "\tesac\n"
        "\tcompadd -- ${=candidates} || _files\n"
        "}\ncompdef _cspr cspr\n"},
    {"fish",
        "function __cspr_candidates\n"
        "\tset -l words (commandline -opc)\n"
        "\tswitch (string join ' ' $words[2..-1] '')\n",
        "\tcase '%s*'\n\t\tstring split ' ' '%s'\n",
        "\tend\nend\ncomplete -c cspr -a '(__cspr_candidates)'\n"},
};

/* Beginning (with a space behind each word) → set of candidates. */
static void add_candidate(json_t *table, const char *beginning, const char *candidate)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
	json_t *candidates = json_object_get(table, beginning);

	/* Nothing that means something to a shell gets into the script. */
	if (strspn(candidate, plain) != strlen(candidate))
		return;
	if (!candidates) {
		json_object_set_new(table, beginning, json_object());
		candidates = json_object_get(table, beginning);
	}
	json_object_set_new(candidates, candidate, json_true());
}

static void add_flag(json_t *table, const char *beginning, const char *negation, const char *flag)
{
	struct text option CLEANUP(text_finish) = TEXT_INIT(256);

	text_printf(&option, "--%s%s", negation, flag);
	add_candidate(table, beginning, text_string(&option));
}

static void add_common(json_t *table, const char *beginning)
{
	for (size_t i = 0; i < common_option_count; i++)
		add_flag(table, beginning, "", common_options[i].name);
}

/* Adds each word of a command behind those before it, and gives the whole as a beginning. */
static void add_words(json_t *table, const char *words, struct text *beginning)
{
	while (*words) {
		char word[64];
		size_t length = strcspn(words, " ");
		if (length < sizeof(word)) {
			memcpy(word, words, length);
			word[length] = '\0';
			add_candidate(table, text_string(beginning), word);
		}
		text_append(beginning, words, length);
		text_putc(beginning, ' ');
		words += length;
		words += *words == ' ';
	}
	add_common(table, text_string(beginning));
}

static void add_operation(json_t *table, const struct operation *operation, const char *words)
{
	struct text beginning CLEANUP(text_finish) = TEXT_INIT(512);

	add_words(table, words, &beginning);
	for (size_t i = 0; i < operation->flag_count; i++) {
		const struct parameter *parameter = &operation->flags[i];
		add_flag(table, text_string(&beginning), "", parameter->flag);
		if (parameter->is_negatable)
			add_flag(table, text_string(&beginning), "no-", parameter->flag);
	}
}

static void add_builtin(
    json_t *table, const struct document *document, const struct builtin *builtin)
{
	struct text beginning CLEANUP(text_finish) = TEXT_INIT(512);
	const struct operation *operation =
	    builtin->operation ? document_operation(document, builtin->operation) : NULL;

	if (operation)
		add_operation(table, operation, builtin->words);
	add_words(table, builtin->words, &beginning);
	for (const struct builtin_option *option = builtin->options; option && option->name; option++)
		add_flag(table, text_string(&beginning), "", option->name);
}

static size_t count_words(const char *beginning)
{
	size_t count = 0;

	for (; *beginning; beginning++)
		count += *beginning == ' ';
	return count;
}

static void put_row(
    const struct syntax *syntax, const char *beginning, json_t *candidates, struct text *text)
{
	struct text list CLEANUP(text_finish) = TEXT_INIT(65536);
	const char *candidate;
	json_t *value;

	json_object_foreach (candidates, candidate, value) {
		text_puts(&list, list.length ? " " : "");
		text_puts(&list, candidate);
	}
	for (const char *at = syntax->row; *at; at++) {
		if (at[0] != '%' || at[1] != 's') {
			text_putc(text, *at);
			continue;
		}
		text_puts(text, beginning);
		beginning = text_string(&list);
		at++;
	}
}

bool completion_put(const struct document *document, const char *shell, struct text *text)
{
	json_t *table CLEANUP(json_decref) = json_object();
	const struct syntax *syntax = NULL;
	const char *beginning;
	json_t *candidates;

	for (size_t i = 0; i < ARRAY_LENGTH(syntaxes); i++) {
		if (strcmp(syntaxes[i].shell, shell) == 0)
			syntax = &syntaxes[i];
	}
	if (!syntax)
		return false;
	for (size_t i = 0; i < document->operation_count; i++) {
		if (document->operations[i].words)
			add_operation(table, &document->operations[i], document->operations[i].words);
	}
	for (size_t i = 0; i < builtin_count; i++)
		add_builtin(table, document, &builtins[i]);
	text_puts(text, syntax->head);
	for (size_t words = WORDS_MOST + 1; words-- > 0;) {
		json_object_foreach (table, beginning, candidates) {
			if (count_words(beginning) == words)
				put_row(syntax, beginning, candidates, text);
		}
	}
	text_puts(text, syntax->tail);
	return true;
}

int command_completion(struct session *session, const struct arguments *arguments)
{
	struct text script CLEANUP(text_finish) = TEXT_INIT(SCRIPT_BYTES);

	if (arguments->word_count != 1 ||
	    !completion_put(session->document, arguments->words[0], &script))
		return report_usage("Give a shell: bash, zsh or fish");
	return output_text(stdout, &script) ? EXIT_OK : EXIT_OTHER;
}
