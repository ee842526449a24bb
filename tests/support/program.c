/* Runs programs with an environment of their own, to their end or until the test ends. */
#include "support/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define VARIABLES_MAX 96
#define OUTPUT_MOST (16U << 20)

static const struct setting common[] = {
    {"PATH", "/usr/local/bin:/usr/bin:/bin"},
    {"ASAN_OPTIONS", "abort_on_error=1:detect_leaks=1"},
    {"UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1"},
    {"NO_COLOR", "1"},
    {NULL, NULL},
};

static void environment_set(char **variables, const struct setting *setting)
{
	size_t length = strlen(setting->name);
	size_t count = 0;
	size_t at;

	while (variables[count])
		count++;
	for (at = 0; at < count; at++)
		if (strncmp(variables[at], setting->name, length) == 0 && variables[at][length] == '=')
			break;
	free(variables[at]);
	variables[at] = NULL;
	if (setting->value && at >= VARIABLES_MAX)
		give_up("more than %d environment variables", VARIABLES_MAX);
	if (setting->value && asprintf(&variables[at], "%s=%s", setting->name, setting->value) < 0)
		give_up("no memory");
	/* The last one fills the gap of one that was taken away. */
	if (!setting->value && at + 1 < count) {
		variables[at] = variables[count - 1];
		variables[count - 1] = NULL;
	}
}

char **environment_make(const struct setting *const lists[], size_t count)
{
	char **variables = calloc(VARIABLES_MAX + 2, sizeof(*variables));

	if (!variables)
		give_up("no memory");
	for (const struct setting *setting = common; setting->name; setting++)
		environment_set(variables, setting);
	for (size_t list = 0; list < count; list++)
		for (const struct setting *setting = lists[list]; setting && setting->name; setting++)
			environment_set(variables, setting);
	return variables;
}

void environment_destroy(char **variables)
{
	if (!variables)
		return;
	for (size_t i = 0; variables[i]; i++)
		free(variables[i]);
	free(variables);
}

/* Between fork and exec only calls that are safe in a copy of a program with threads. */
_Noreturn static void become(
    const char *const arguments[], char *const variables[], const int streams[3], pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int stream = 0; stream < 3; stream++) {
		int from = streams[stream] >= 0 ? streams[stream] : open("/dev/null", O_RDWR);
		if (dup2(from, stream) < 0)
			_exit(127);
	}
	syscall(SYS_close_range, 3U, ~0U, 0U);
	execve(arguments[0], (char *const *)arguments, variables);
	_exit(127);
}

pid_t child_start(const char *const arguments[], char *const variables[], const int streams[3])
{
	pid_t parent = getpid();
	pid_t child = fork();

	if (child < 0)
		give_up("fork: %s", strerror(errno));
	if (child == 0)
		become(arguments, variables, streams, parent);
	return child;
}

int child_wait(pid_t child, double seconds)
{
	int status;
	int handle = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd ended = {.fd = handle, .events = POLLIN};

	if (handle < 0)
		give_up("pidfd_open: %s", strerror(errno));
	int events = poll(&ended, 1, (int)(seconds * 1000));
	close(handle);
	if (events <= 0)
		return -1;
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid: %s", strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void outcome_finish(struct outcome *outcome)
{
	text_finish(&outcome->output);
	text_finish(&outcome->errors);
}

/* An unnamed file: a child that writes much never waits for us to read. */
static int scratch_file(const char *content)
{
	int file = memfd_create("stream", MFD_CLOEXEC);

	if (file < 0)
		give_up("memfd_create: %s", strerror(errno));
	if (content && write(file, content, strlen(content)) != (ssize_t)strlen(content))
		give_up("no room for a child's input");
	lseek(file, 0, SEEK_SET);
	return file;
}

static void read_back(int file, struct text *ret_text)
{
	char buffer[4096];
	ssize_t length;

	*ret_text = TEXT_INIT(OUTPUT_MOST);
	lseek(file, 0, SEEK_SET);
	while ((length = read(file, buffer, sizeof(buffer))) > 0)
		text_append(ret_text, buffer, (size_t)length);
	close(file);
}

void program_run(const char *const arguments[], const struct setting settings[], const char *input,
    struct outcome *ret_outcome)
{
	CLEANUP(environment_destroy) char **variables = environment_make(&settings, 1);
	int streams[3] = {scratch_file(input), scratch_file(NULL), scratch_file(NULL)};
	pid_t child = child_start(arguments, variables, streams);

	ret_outcome->status = child_wait(child, 2.0 * PATIENCE);
	close(streams[0]);
	read_back(streams[1], &ret_outcome->output);
	read_back(streams[2], &ret_outcome->errors);
	if (ret_outcome->status < 0) {
		kill(child, SIGKILL);
		give_up("%s has not ended: %s", arguments[0], text_string(&ret_outcome->errors));
	}
}
