/*
 * Owns the tests of connections that are used again: where one leads to is asked before each call,
 * not only when it is opened. The name that is called leads to this machine, and the system trusts
 * the receiver's authority: both are given to libcurl from here, and so is the moment at which the
 * operator's list no longer has the address (the linker puts the functions below in the sender's
 * way).
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <curl/curl.h>

#include "letter.h"
#include "support/tls.h"

#define HOST "receiver.example.org"

static char authorities[64];         /* the path of those that the system trusts */
static struct curl_slist *addresses; /* what names lead to */
static bool is_off_the_list;

CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void)
{
	CURL *easy = __real_curl_easy_init();

	cr_assert_eq(curl_easy_setopt(easy, CURLOPT_CAINFO, authorities), CURLE_OK);
	cr_assert_eq(curl_easy_setopt(easy, CURLOPT_RESOLVE, addresses), CURLE_OK);
	return easy;
}

bool __real_target_allows_host(const struct target_allow *allow, const char *host);
bool __wrap_target_allows_host(const struct target_allow *allow, const char *host);
bool __wrap_target_allows_host(const struct target_allow *allow, const char *host)
{
	return !is_off_the_list && __real_target_allows_host(allow, host);
}

static void trust(const struct identity *authority)
{
	CLEANUP(free) char *text = identity_certificate(authority);
	int file = memfd_create("authorities", 0);

	cr_assert_eq(write(file, text, strlen(text)), (ssize_t)strlen(text));
	snprintf(authorities, sizeof(authorities), "/proc/self/fd/%d", file);
}

static void lead_to_this_machine(unsigned port)
{
	char line[100];

	snprintf(line, sizeof(line), HOST ":%u:127.0.0.1", port);
	addresses = curl_slist_append(NULL, line);
}

static void send_to(struct sender *sender, unsigned port, struct sent *ret_sent)
{
	char url[100];

	snprintf(url, sizeof(url), "https://" HOST ":%u/hook", port);
	letter_send(sender, url, NULL, ret_sent);
}

Test(send_reuse, of_a_connection_whose_address_has_become_forbidden_is_refused)
{
	static const struct wanted authority = {.from = -10, .until = 10};
	static const struct wanted right = {.name = HOST, .from = -1, .until = 1};
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_allow_destroy) struct target_allow *allow = NULL;
	CLEANUP(identity_finish) struct identity counts = identity_make(&authority, NULL);
	CLEANUP(identity_finish) struct identity leaf = identity_make(&right, &counts);
	struct tls_receiver receiver = {.keeps_open = true};
	struct sender *sender = NULL;
	struct sent sent;

	cr_assert(target_allow_parse("127.0.0.0/8", &allow, &problem));
	cr_assert(sender_create(allow, 5, &sender, &problem));
	tls_receiver_open(&receiver, &leaf);
	trust(&counts);
	lead_to_this_machine(receiver.port);

	/* As long as the address is on the list, one connection takes every call. */
	for (size_t calls = 1; calls <= 2; calls++) {
		send_to(sender, receiver.port, &sent);
		cr_assert(sent.complete, "%s", sent.error);
		cr_assert_eq(sent.status, 200);
		cr_assert_eq(receiver.calls, calls);
	}
	cr_assert_eq(receiver.connections, 1);
	size_t bytes = receiver.bytes;

	is_off_the_list = true;
	send_to(sender, receiver.port, &sent);
	cr_expect_not(sent.complete);
	cr_expect_eq(sent.status, 0);
	cr_expect_str_eq(sent.address, "127.0.0.1");
	cr_expect_str_eq(sent.error, "the address 127.0.0.1 is not public: it is loopback");
	sender_destroy(sender);
	tls_receiver_close(&receiver);
	cr_expect_eq(receiver.calls, 2);
	cr_expect_eq(receiver.bytes, bytes, "the receiver has read more of a call");
	cr_expect_eq(receiver.connections, 1, "the call was not to go over a new connection");
	curl_slist_free_all(addresses);
}
