/*
 * A database, two partnerships and a service for a whole executable. Criterion's runner makes them
 * and its children, one for each test, find them in the environment.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <criterion/hooks.h>

#include "base/digest.h"
#include "support/support.h"

#define VARIABLE "CSPR_TEST_STAGE"
/* What meson counts as skipped. */
#define SKIPPED 77

static struct stage the_stage;
static atomic_bool is_closing;

static void make_key(
    const char *partnership, const char *agency, const char *scopes, char *ret_token, size_t room)
{
	CLEANUP(free) char *token = key_create(&the_stage.database, partnership, agency, scopes);

	snprintf(ret_token, room, "%s", token);
}

static void make_partnerships(const struct database *database)
{
	partnership_create(database, "north", "North Safeguarding Children Partnership");
	agency_create(database, "north", "council", "local_authority", true);
	agency_create(database, "north", "trust", "childrens_trust", false);
	partnership_create(database, "south", "South Safeguarding Children Partnership");
	agency_create(database, "south", "council", "local_authority", true);
}

/* The stage is plain data, so its bytes go to the children as they are. */
static void publish(void)
{
	char *hex = malloc(2 * sizeof(the_stage) + 1);

	if (!hex)
		give_up("no memory");
	hex_encode(&the_stage, sizeof(the_stage), hex);
	setenv(VARIABLE, hex, 1);
	free(hex);
}

/*
 * A service that ends in the middle of the tests ends the executable. Criterion waits for whichever
 * child has ended, and would find this one, which it does not know, again and again.
 */
static void *watch_service(void *context)
{
	siginfo_t ended;

	(void)context;
	waitid(P_PID, (id_t)the_stage.service.id, &ended, WEXITED | WNOWAIT);
	if (atomic_load(&is_closing))
		return NULL;
	fprintf(stderr, "support: csprd ended in the middle of the tests: %s\n",
	    the_stage.service.log_path);
	_exit(1);
}

void stage_open(const char *scopes, const struct setting settings[])
{
	pthread_t watcher;

	if (!getenv("CSPR_TEST_SERVER")) {
		fputs("support: no CSPR_TEST_SERVER, so these tests are skipped\n", stderr);
		exit(SKIPPED);
	}
	database_create(&the_stage.database);
	make_partnerships(&the_stage.database);
	make_key("north", "council", scopes, the_stage.council, sizeof(the_stage.council));
	make_key("north", "trust", scopes, the_stage.trust, sizeof(the_stage.trust));
	make_key("south", "council", scopes, the_stage.south, sizeof(the_stage.south));
	service_start(&the_stage.database, settings, &the_stage.service);
	publish();
	if (pthread_create(&watcher, NULL, watch_service, NULL) != 0 || pthread_detach(watcher) != 0)
		give_up("no thread");
}

/* Linked into every executable that opens a stage. */
ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
	(void)stats;
	atomic_store(&is_closing, true);
	service_stop(&the_stage.service);
	database_drop(&the_stage.database);
}

const struct stage *stage(void)
{
	const char *hex = environment_value(VARIABLE);
	unsigned char *bytes = (unsigned char *)&the_stage;

	if (the_stage.service.url[0])
		return &the_stage;
	if (strlen(hex) != 2 * sizeof(the_stage))
		give_up("%s is broken", VARIABLE);
	for (size_t i = 0; i < sizeof(the_stage); i++) {
		const char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		bytes[i] = (unsigned char)strtoul(digits, NULL, 16);
	}
	return &the_stage;
}
