/* The table of connections: each phase has its absolute deadline. */
#include "http/connections.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

static const struct connection_limits limits = {
    .idle = 300, .request = 100, .request_bytes = 1000000};
static struct connections *table;

static void start(void)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(connections_create(&limits, &table, &problem));
}

static void stop(void)
{
	connections_destroy(table);
}

struct pair {
	int ours, theirs;
	struct connection *connection;
};

static struct pair open_pair(void)
{
	int fds[2];

	cr_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	struct connection *connection = connections_open(table, fds[0], NULL);
	cr_assert(connection);
	return (struct pair){fds[0], fds[1], connection};
}

static void close_pair(struct pair *pair)
{
	connections_close(pair->connection);
	close(pair->ours);
	close(pair->theirs);
}

/* True when the other end saw the closing within the time. */
static bool is_cut_within(const struct pair *pair, int milliseconds)
{
	struct pollfd ready = {.fd = pair->theirs, .events = POLLIN};
	char byte;

	return poll(&ready, 1, milliseconds) == 1 && recv(pair->theirs, &byte, 1, 0) == 0;
}

Test(connections, are_cut_off_past_the_deadline_of_each_phase_but_serving, .init = start,
    .fini = stop)
{
	for (enum phase phase = PHASE_IDLE; phase < PHASES; phase++) {
		struct pair pair = open_pair();
		connection_enter(pair.connection, phase, 0);
		if (phase == PHASE_SERVING)
			cr_expect_not(is_cut_within(&pair, 1000));
		else
			cr_expect(is_cut_within(&pair, 30000), "phase %d", (int)phase);
		close_pair(&pair);
		cr_expect_eq(connections_cut_off(table, phase), phase != PHASE_SERVING);
	}
}

Test(connections, may_take_longer_to_receive_a_large_answer, .init = start, .fini = stop)
{
	struct pair pair = open_pair();

	connection_enter(pair.connection, PHASE_SENDING, 64UL * 1024 * 1024);
	cr_expect_not(is_cut_within(&pair, 1000));
	close_pair(&pair);
}

Test(connections, do_not_gain_time_by_being_active, .init = start, .fini = stop)
{
	struct pair pair = open_pair();
	bool cut = false;

	connection_enter(pair.connection, PHASE_READING, 0);
	for (int i = 0; i < 1000 && !cut; i++) {
		send(pair.theirs, "x", 1, MSG_NOSIGNAL);
		cut = is_cut_within(&pair, 30);
	}
	cr_expect(cut);
	close_pair(&pair);
}

Test(connections, start_anew_with_each_phase, .init = start, .fini = stop)
{
	struct pair pair = open_pair();

	connection_enter(pair.connection, PHASE_READING, 0);
	connection_enter(pair.connection, PHASE_SERVING, 0);
	cr_expect_not(is_cut_within(&pair, 500));
	connection_enter(pair.connection, PHASE_IDLE, 0);
	cr_expect(is_cut_within(&pair, 30000));
	close_pair(&pair);
}

Test(connections, are_never_touched_once_closed, .init = start, .fini = stop)
{
	struct pair pair = open_pair();

	connection_enter(pair.connection, PHASE_READING, 0);
	connections_close(pair.connection);
	/* The number may be another connection's by now. */
	cr_expect_not(is_cut_within(&pair, 500));
	cr_expect_eq(connections_count(table), 0);
	close(pair.ours);
	close(pair.theirs);
}

Test(connections, drain_by_cutting_off_who_has_no_request, .init = start, .fini = stop)
{
	struct pair serving = open_pair();

	connection_enter(serving.connection, PHASE_SERVING, 0);
	cr_expect_not(connections_draining(table));
	connections_drain(table, 100);
	cr_expect(connections_draining(table));
	cr_expect_eq(connections_count(table), 1);
	close_pair(&serving);
	connections_drain(table, 30000);
	cr_expect_eq(connections_count(table), 0);
}
