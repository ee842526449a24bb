/* Owns the composition of the running service, its signals, and its orderly end. */
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "api/api.h"
#include "api/event_watch.h"
#include "base/log.h"
#include "command.h"
#include "contract/contract.h"
#include "http/http.h"
#include "outbox/outbox.h"
#include "outbox/receipts.h"

extern const char openapi_json[];
extern const size_t openapi_json_length;

struct app {
	const struct settings *settings;
	struct contract *contract;
	struct api *api;
	struct outbox *outbox;
	struct receipts *receipts;
	struct http_server *server;
	struct event_watch *watch;
};

static void measure(void *context, struct text *ret_metrics)
{
	struct app *app = context;

	api_measure(app->api, ret_metrics);
	if (app->outbox)
		outbox_measure(app->outbox, ret_metrics);
}

static void serve(void *context, const struct request *request, struct reply *reply)
{
	struct app *app = context;

	api_serve(app->api, request, reply);
}

static bool verify(void *context, const struct receipt *receipt, struct problem *problem)
{
	return receipts_verify(context, receipt, problem);
}

static bool take(void *context, const struct receipt *receipt, struct problem *problem)
{
	return receipts_take(context, receipt, problem);
}

static void put_port(const char *listen, unsigned port, FILE *file)
{
	const char *colon = strrchr(listen, ':');

	(void)fprintf(file, "http://%.*s:%u\n", (int)(colon - listen), listen, port);
}

/* Both URLs, written beside and renamed, so that whoever waits for the file finds it whole. */
static bool write_ready_file(const struct app *app, struct problem *problem)
{
	const char *path = app->settings->ready_file;
	CLEANUP(text_finish) struct text beside = TEXT_INIT(1100);

	if (!path[0])
		return true;
	text_printf(&beside, "%s.new", path);
	FILE *file = fopen(text_string(&beside), "we");
	if (!file)
		return problem_set(problem, PROBLEM_INTERNAL, "CSPR_READY_FILE cannot be written.");
	put_port(app->settings->listen, http_server_port(app->server), file);
	if (app->settings->metrics_listen[0])
		put_port(app->settings->metrics_listen, http_server_metrics_port(app->server), file);
	if (fclose(file) != 0 || rename(text_string(&beside), path) != 0)
		return problem_set(problem, PROBLEM_INTERNAL, "CSPR_READY_FILE cannot be written.");
	return true;
}

static void stop(struct app *app)
{
	event_watch_stop(app->watch);
	if (app->server)
		http_server_stop(app->server);
	if (app->outbox)
		outbox_stop(app->outbox);
	receipts_stop(app->receipts);
	api_destroy(app->api);
	contract_destroy(app->contract);
	if (app->settings->ready_file[0])
		unlink(app->settings->ready_file);
}
DEFINE_VALUE_CLEANUP(struct app, stop)

/* The longest grace that a rotation can have, as the document says. */
static bool longest_grace(
    const struct contract *contract, int64_t *ret_hours, struct problem *problem)
{
	const struct operation *rotation = contract_find(contract, "createWebhookEndpointRotation");
	const json_t *grace = rotation ? contract_body_member(contract, rotation, "grace_hours") : NULL;

	*ret_hours = json_integer_value(json_object_get(grace, "maximum"));
	return *ret_hours > 0 || problem_fail(problem, PROBLEM_INTERNAL,
	                             "the document does not say how long a rotation's grace may be");
}

static bool start(struct app *app, struct problem *problem)
{
	struct http_options options = {
	    .settings = app->settings,
	    .serve = serve,
	    .measure = measure,
	    .context = app,
	};
	int64_t grace_hours = 0;

	/* The database prepares the statements while the contract is compiled. */
	if (!api_create(app->settings, &app->api, problem) ||
	    !contract_load(openapi_json, openapi_json_length, &app->contract, problem) ||
	    !api_bind(app->api, app->contract, problem))
		return false;
	if (app->settings->dispatch && !outbox_start(app->settings, &app->outbox, problem))
		return false;
	if (!longest_grace(app->contract, &grace_hours, problem) ||
	    !receipts_start(app->settings, grace_hours, &app->receipts, problem))
		return false;
	api_set_receipts(app->api, &(struct api_receipts){verify, take, app->receipts});
	options.contract = app->contract;
	return http_server_start(&options, &app->server, problem) &&
	       event_watch_start(app->settings, app->server, &app->watch, problem) &&
	       write_ready_file(app, problem);
}

/*
 * A page of a list is some 100 kB. Left to itself malloc() gives such blocks back to the kernel at
 * once and has them zeroed again for the next page, which cost a list a tenth of its time.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, 4 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
}

/*
 * PostgreSQL sends a page of a list in twenty pieces. By default Linux gives a thread that waited
 * for one the processor at once, and takes it from the backend that is writing the next; a batch's
 * thread waits until it is free. With as many callers as keep the machine busy that is an eighth
 * more pages; where a processor is idle it changes nothing. Threads inherit it. Whoever forbids it
 * (csprd.service does, and sets it itself) has a service that is slower and no worse.
 */
static void let_database_finish(void)
{
	(void)sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}

/* What a process had in its memory is case facts and secrets, and does not go to a disk when it
 * dies. */
static void leave_no_core(void)
{
	const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

int command_serve(const struct settings *settings)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(stop) struct app app = {.settings = settings};
	sigset_t signals;
	int received;

	keep_memory();
	leave_no_core();
	let_database_finish();
	/* Blocked before any thread exists, so that only sigwait() below sees them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);

	if (!start(&app, &problem))
		return command_failed("it cannot start", &problem);
	log_event(LOG_INFO, "ready", LOG_NUMBER("port", http_server_port(app.server)),
	    LOG_NUMBER("metrics_port", http_server_metrics_port(app.server)),
	    LOG_TEXT("version", CSPR_VERSION));
	sigwait(&signals, &received);
	log_event(LOG_INFO, "stopping", LOG_NUMBER("signal", received));
	return EXIT_DONE;
}
