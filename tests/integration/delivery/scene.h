/*
 * The scene of the delivery tests: a partnership whose three recipients in law are receivers of the
 * test, and what a case system and a business unit do to it over HTTP. Each test has a database and
 * receivers of its own, and starts as many services as it needs.
 *
 * The database that each scene is a copy of is made before the executable's first test. Without
 * CSPR_TEST_SERVER the executable counts as skipped.
 */
#pragma once

#include <criterion/criterion.h>

#include "lib/cspr.h"
#include "support/support.h"

enum recipient { DFE, OFSTED, PANEL, RECIPIENTS };

extern const char *const recipient_names[RECIPIENTS];
/* whsec_…; the same in every scene. */
extern const char *const recipient_secrets[RECIPIENTS];

struct scene {
	struct database database;
	char token[200]; /* of north's council, with every scope that the tests need */
	struct receiver *receivers[RECIPIENTS];
};

/* A scene whose receivers answer 204. */
void scene_open(struct scene *ret_scene);
void scene_close(struct scene *scene);
DEFINE_VALUE_CLEANUP(struct scene, scene_close)

/* What `csprd recipients set` does, with the recipient's own secret. */
void recipient_set(const struct database *database, enum recipient recipient, const char *url);
/* Brings to an endpoint, by its name, another address. */
void scene_set_url(const struct scene *scene, const char *endpoint, const char *url);
/*
 * An ordinary endpoint that asks for every event, signed with DfE's secret; its id (free()). No
 * operation makes one in this version of the interface, so a superuser's statement does.
 */
char *scene_add_endpoint(const struct scene *scene, const char *name, const char *url) MUST_CHECK;

enum incident_kind { SERIOUS_HARM, CARE_LEAVER_DEATH };

/* Words that stand in the narrative of every incident and nowhere else. */
#define NARRATIVE_CANARY "heron lantern quarry"

/* Records an incident of that kind; its id (free()). */
char *incident_create(
    const struct scene *scene, const struct service *service, enum incident_kind kind) MUST_CHECK;
/* Changes it. */
void incident_touch(const struct scene *scene, const struct service *service, const char *id);
/* Notifies the duty that follows from it; the notification's id (free()). */
char *incident_notify(const struct scene *scene, const struct service *service,
    const char *incident_id, const char *kind) MUST_CHECK;
/* Both for a serious harm; the notification's id (free()). */
char *incident_accept(const struct scene *scene, const struct service *service) MUST_CHECK;

/*
 * A scene with a service that has delivered a notification of a serious harm to everybody; the id
 * of its delivery to the recipient, and of the notification itself unless NULL (free()).
 */
char *scene_open_delivered(struct scene *ret_scene, struct service *ret_service,
    enum recipient recipient, char **ret_notification) MUST_CHECK;

/* Asks the service for a resource that is there. */
void get(const struct scene *scene, const struct service *service, struct answer *ret_answer,
    const char *path, ...) __attribute__((format(printf, 4, 5)));

/* The delivery's id of a notification to a recipient (free()). */
char *delivery_id(const struct scene *scene, const char *notification_id, const char *recipient)
    MUST_CHECK;
/* Waits until so many attempts stand with the delivery; gives up when they do not come. */
void wait_attempts(const struct scene *scene, const char *delivery, int attempts);
/* The same, and then makes the next attempt due now. */
void hurry(const struct scene *scene, const char *delivery, int attempts);
/* Waits until nothing is open any more; gives up when something stays so. */
void wait_all_delivered(const struct scene *scene);
/* Ends the leases and the waits between attempts of an endpoint, as if the time had passed. */
void end_leases(const struct scene *scene, const char *endpoint);

/* What libcspr says of a call as it arrived. */
enum cspr_verdict verdict_of(const struct received *call, const char *secret);
/* Whether the call carries this webhook-id. */
bool has_id(const struct received *call, const char *id);

/* Waits for so many calls; gives up when they do not come. */
void wait_calls(struct receiver *receiver, size_t count);
