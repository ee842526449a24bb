/* Who of the workers is dealt which connection. */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "http/workers.h"

#define WORKERS 4
/* Above all that the test has open. */
#define FIRST 200

static struct workers *workers;

static void start(void)
{
	CLEANUP(problem_finish) struct problem problem = {0};

	cr_assert(workers_create(WORKERS, &workers, &problem));
}

static void stop(void)
{
	workers_destroy(workers);
}

TestSuite(workers, .init = start, .fini = stop, .timeout = 60);

static int open_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	cr_assert(fd >= 0);
	return fd;
}

/* A socket with that number. */
static int socket_at(int number)
{
	int fd = open_socket();

	cr_assert_eq(dup3(fd, number, O_CLOEXEC), number);
	close(fd);
	return number;
}

static ino_t identity(int fd)
{
	struct stat found = {0};

	cr_assert(fstat(fd, &found) == 0);
	return found.st_ino;
}

Test(workers, have_as_many_connections_each_whatever_their_numbers)
{
	int dealt[WORKERS] = {0};

	for (int i = 0; i < 5 * WORKERS; i++)
		dealt[workers_place(workers, socket_at(FIRST + i * WORKERS)) % WORKERS]++;
	for (int i = 0; i < WORKERS; i++)
		cr_expect_eq(dealt[i], 5, "%d has %d", i, dealt[i]);
}

Test(workers, have_the_same_socket_by_another_number)
{
	int first = workers_place(workers, socket_at(FIRST));
	int second = socket_at(FIRST + WORKERS);
	ino_t before = identity(second);
	int placed = workers_place(workers, second);

	cr_expect_eq(first, FIRST, "nothing is moved without a reason");
	cr_expect_neq(placed % WORKERS, FIRST % WORKERS);
	cr_expect_eq(identity(placed), before);
	cr_expect(fcntl(placed, F_GETFD) & FD_CLOEXEC);
	cr_expect_eq(fcntl(second, F_GETFD), -1, "its old number stays open");
}

Test(workers, who_were_left_are_dealt_the_next)
{
	int fds[2 * WORKERS];

	for (int i = 0; i < 2 * WORKERS; i++)
		fds[i] = workers_place(workers, socket_at(FIRST + i));
	workers_leave(workers, fds[2]);
	close(fds[2]);
	int next = workers_place(workers, socket_at(FIRST + 3 * WORKERS));
	cr_expect_eq(next % WORKERS, fds[2] % WORKERS);
}

Test(workers, share_what_cannot_be_moved)
{
	struct rlimit limit = {.rlim_cur = FIRST + WORKERS + 1, .rlim_max = FIRST + WORKERS + 1};

	cr_assert_eq(workers_place(workers, socket_at(FIRST)), FIRST);
	int last = socket_at(FIRST + WORKERS);
	cr_assert(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	cr_expect_eq(workers_place(workers, last), last);
	cr_expect_neq(fcntl(last, F_GETFD), -1);
}
