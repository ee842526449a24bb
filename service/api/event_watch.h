/*
 * Tells who waits for events that there are some: a thread with one connection to the database,
 * whoever many wait. It is told of commits by NOTIFY, looks each second by itself, and more often
 * while there are events that cannot be shown yet.
 */
#pragma once

#include "base/settings.h"
#include "http/http.h"

struct event_watch;

MUST_CHECK bool event_watch_start(const struct settings *settings, struct http_server *server,
    struct event_watch **ret_watch, struct problem *problem);
/* Before the server is stopped. NULL is nothing to stop. */
void event_watch_stop(struct event_watch *watch);
