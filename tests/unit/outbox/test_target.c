/* Owns the tests of where webhooks may go. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "outbox/target.h"

static bool accepted(const char *url, const char *allow)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	bool good = webhook_target_check(url, allow, &problem);

	if (!good)
		cr_expect_eq(problem.kind, PROBLEM_INVALID, "%s", url);
	return good;
}

Test(webhook_address, is_classified_in_every_range_and_at_its_edges)
{
	static const struct {
		const char *address;
		const char *fault; /* NULL: public */
	} rows[] = {
	    {"8.8.8.8", NULL},
	    {"1.0.0.0", NULL},
	    {"9.255.255.255", NULL},
	    {"11.0.0.0", NULL},
	    {"100.63.255.255", NULL},
	    {"100.128.0.0", NULL},
	    {"126.255.255.255", NULL},
	    {"128.0.0.0", NULL},
	    {"169.253.255.255", NULL},
	    {"169.255.0.0", NULL},
	    {"172.15.255.255", NULL},
	    {"172.32.0.0", NULL},
	    {"192.0.1.0", NULL},
	    {"192.167.255.255", NULL},
	    {"192.169.0.0", NULL},
	    {"198.17.255.255", NULL},
	    {"198.20.0.0", NULL},
	    {"223.255.255.255", NULL},
	    {"0.0.0.0", "unspecified"},
	    {"0.255.255.255", "unspecified"},
	    {"10.0.0.0", "private"},
	    {"10.255.255.255", "private"},
	    {"100.64.0.0", "shared"},
	    {"100.127.255.255", "shared"},
	    {"127.0.0.1", "loopback"},
	    {"127.255.255.255", "loopback"},
	    {"169.254.169.254", "link-local"},
	    {"172.16.0.0", "private"},
	    {"172.31.255.255", "private"},
	    {"192.0.0.8", "reserved"},
	    {"192.0.2.1", "documentation"},
	    {"192.88.99.1", "reserved"},
	    {"192.168.0.1", "private"},
	    {"198.18.0.0", "benchmarking"},
	    {"198.19.255.255", "benchmarking"},
	    {"198.51.100.7", "documentation"},
	    {"203.0.113.7", "documentation"},
	    {"224.0.0.1", "multicast"},
	    {"239.255.255.255", "multicast"},
	    {"240.0.0.1", "reserved"},
	    {"255.255.255.255", "reserved"},
	    {"2606:4700:4700::1111", NULL},
	    {"2a00:1450:4009::1", NULL},
	    {"2001:4860:4860::8888", NULL},
	    {"::", "unspecified"},
	    {"::1", "loopback"},
	    {"fc00::1", "unique local"},
	    {"fd00:ec2::254", "unique local"},
	    {"fe80::1", "link-local"},
	    {"febf::1", "link-local"},
	    {"fec0::1", "site-local"},
	    {"ff02::1", "multicast"},
	    {"2001:db8::1", "documentation"},
	    {"3fff::1", "documentation"},
	    {"2001::1", "reserved"},
	    {"2001:10::1", "reserved"},
	    {"100::1", "reserved"},
	    {"4000::1", "reserved"},
	    {"5f00::1", "reserved"},
	    {"64:ff9b:1::1", "local translation"},
	    /* addresses that carry others */
	    {"::ffff:127.0.0.1", "loopback"},
	    {"::ffff:7f00:1", "loopback"},
	    {"::ffff:10.1.2.3", "private"},
	    {"::ffff:169.254.169.254", "link-local"},
	    {"::ffff:8.8.8.8", NULL},
	    {"::127.0.0.1", "loopback"},
	    {"::ffff:0:10.0.0.1", "private"},
	    {"64:ff9b::127.0.0.1", "loopback"},
	    {"64:ff9b::a9fe:a9fe", "link-local"},
	    {"64:ff9b::8.8.8.8", NULL},
	    {"2002:7f00:1::", "loopback"},
	    {"2002:a9fe:a9fe::1", "link-local"},
	    {"2002:808:808::1", NULL},
	    {"2a00:1450::5efe:10.0.0.1", "private"},
	    {"2a00:1450::200:5efe:127.0.0.1", "loopback"},
	    /* not addresses */
	    {"127.0.0.1/32", "not an internet address"},
	    {"fe80::1%eth0", "not an internet address"},
	    {"example.org", "not an internet address"},
	    {"", "not an internet address"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		const char *fault = target_text_fault(rows[i].address);
		if (rows[i].fault)
			cr_expect(fault && strcmp(fault, rows[i].fault) == 0, "%s is %s", rows[i].address,
			    fault ? fault : "public");
		else
			cr_expect_null(fault, "%s is %s", rows[i].address, fault);
	}
}

Test(webhook_address, is_classified_from_a_socket_address_too)
{
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_un local = {.sun_family = AF_UNIX};

	inet_pton(AF_INET, "169.254.169.254", &four.sin_addr);
	inet_pton(AF_INET6, "::ffff:10.0.0.1", &six.sin6_addr);
	cr_assert_str_eq(target_address_fault((struct sockaddr *)&four), "link-local");
	cr_assert_str_eq(target_address_fault((struct sockaddr *)&six), "private");
	cr_assert_str_eq(target_address_fault((struct sockaddr *)&local), "not an internet address");
	inet_pton(AF_INET, "8.8.8.8", &four.sin_addr);
	inet_pton(AF_INET6, "2606:4700::1", &six.sin6_addr);
	cr_assert_null(target_address_fault((struct sockaddr *)&four));
	cr_assert_null(target_address_fault((struct sockaddr *)&six));
}

Test(webhook_url, is_https_to_a_public_host)
{
	static const char *const good[] = {
	    "https://receiver.example.org/hooks",
	    "https://receiver.example.org:8443/hooks?token=a%20b",
	    "https://RECEIVER.example.org",
	    "https://8.8.8.8/",
	    "https://[2606:4700:4700::1111]/",
	    "https://xn--mnchen-3ya.example/",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(good); i++)
		cr_expect(accepted(good[i], ""), "%s", good[i]);
}

Test(webhook_url, is_refused_in_every_spelling_of_an_inward_address)
{
	static const char *const bad[] = {
	    "https://127.0.0.1/",
	    "https://127.1/",
	    "https://127.0.1/",
	    "https://2130706433/",
	    "https://0x7f000001/",
	    "https://0x7f.1/",
	    "https://0177.0.0.1/",
	    "https://017700000001/",
	    "https://%31%32%37.0.0.1/",
	    "https://127.0.0.1./",
	    "https://0x7f000001./",
	    "https://127.0.0.0X1./",
	    "https://127.0x./",
	    "https://0/",
	    "https://0.0.0.0/",
	    "https://[::1]/",
	    "https://[0:0:0:0:0:0:0:1]/",
	    "https://[::ffff:127.0.0.1]/",
	    "https://[::ffff:7f00:1]/",
	    "https://[64:ff9b::7f00:1]/",
	    "https://[fe80::1%25eth0]/",
	    "https://[fe80::1]/",
	    "https://[fd00:ec2::254]/",
	    "https://localhost/",
	    "https://LOCALHOST./",
	    "https://a.localhost/",
	    "https://a.localhost./",
	    "https://169.254.169.254/latest/meta-data/",
	    "https://2852039166/",
	    "https://10.0.0.1/",
	    "https://100.64.0.1/",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		cr_expect_not(accepted(bad[i], ""), "%s", bad[i]);
}

Test(webhook_url, is_refused_in_any_other_form)
{
	static const char *const bad[] = {
	    "",
	    "receiver.example.org",
	    "//receiver.example.org/",
	    "http://receiver.example.org/",
	    "ftp://receiver.example.org/",
	    "file:///etc/passwd",
	    "gopher://receiver.example.org/",
	    "https:///path",
	    "https://user@receiver.example.org/",
	    "https://user:word@receiver.example.org/",
	    "https://@receiver.example.org/",
	    "https://receiver.example.org/#part",
	    "https://receiver.example.org/#",
	    "https://receiver.example.org/a b",
	    "https://receiver.example.org/\t",
	    "https://receiver.example.org/\r\nHost: x",
	    "https://receiver.example.org\\@127.0.0.1/",
	    "https://receiver..example.org/",
	    "https://-receiver.example.org/",
	    "https://rec!eiver.example.org/",
	    "https://receiver.example.org:99999/",
	    "https://[v1.x]/",
	    "https://m\xc3\xbcnchen.example/",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++)
		cr_expect_not(accepted(bad[i], ""), "%s", bad[i]);
}

Test(webhook_url, has_2000_bytes_at_most)
{
	char url[TARGET_URL_MAX + 2];

	memset(url, 'a', sizeof(url));
	memcpy(url, "https://receiver.example.org/", 29);
	url[TARGET_URL_MAX] = '\0';
	cr_assert(accepted(url, ""));
	url[TARGET_URL_MAX] = 'a';
	url[TARGET_URL_MAX + 1] = '\0';
	cr_assert_not(accepted(url, ""));
}

Test(webhook_allow_list, opens_hosts_and_networks_and_nothing_beside_them)
{
	static const struct {
		const char *url;
		const char *allow;
		bool good;
	} rows[] = {
	    {"http://127.0.0.1:9000/", "127.0.0.1", true},
	    {"http://127.0.0.1:9000/", "127.0.0.0/8", true},
	    {"http://127.1:9000/", "127.0.0.0/8", true},
	    {"https://10.1.2.3/", "192.168.0.0/16, 10.0.0.0/8", true},
	    {"https://10.1.2.3/", " 10.1.2.3 ", true},
	    {"http://[::1]:9000/", "::1", true},
	    {"https://[fd12::5]/", "fd00::/8", true},
	    {"https://[::ffff:10.1.2.3]/", "10.0.0.0/8", true},
	    {"http://localhost:9000/", "localhost", true},
	    {"http://Localhost.:9000/", "localhost", true},
	    {"http://receiver.internal/", "a.internal,receiver.internal", true},
	    {"http://127.0.0.1:9000/", "localhost", false},
	    {"http://localhost:9000/", "127.0.0.0/8", false},
	    {"https://11.0.0.1/", "10.0.0.0/8", true},
	    {"http://11.0.0.1/", "10.0.0.0/8", false},
	    {"https://10.1.2.4/", "10.1.2.3", false},
	    {"https://10.128.0.0/", "10.0.0.0/9", false},
	    {"https://10.127.255.255/", "10.0.0.0/9", true},
	    {"https://[fe80::1]/", "fd00::/8", false},
	    {"http://sub.receiver.internal/", "receiver.internal", false},
	    {"http://receiver.internal.example.org/", "receiver.internal", false},
	    {"https://user@receiver.internal/", "receiver.internal", false},
	    {"ftp://receiver.internal/", "receiver.internal", false},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		cr_expect_eq(accepted(rows[i].url, rows[i].allow), rows[i].good, "%s with %s", rows[i].url,
		    rows[i].allow);
}

Test(webhook_allow_list, is_refused_when_an_entry_cannot_be_meant)
{
	static const char *const bad[] = {
	    "10.0.0.0/33",
	    "10.0.0/8",
	    "10.0.0.0/",
	    "10.0.0.0/-1",
	    "10.0.0.0/8x",
	    "::1/129",
	    "fd00::/",
	    "300.1.1.1",
	    "a b",
	    "https://receiver.internal/",
	    "receiver.internal:8443",
	    "*.internal",
	    "good.internal,,bad host",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
		CLEANUP(problem_finish) struct problem problem = {0};
		CLEANUP(target_allow_destroy) struct target_allow *allow = NULL;
		cr_expect_not(target_allow_parse(bad[i], &allow, &problem), "%s", bad[i]);
		cr_expect_eq(problem.kind, PROBLEM_INVALID, "%s", bad[i]);
	}
}

Test(webhook_allow_list, may_be_empty)
{
	CLEANUP(problem_finish) struct problem problem = {0};
	CLEANUP(target_allow_destroy) struct target_allow *allow = NULL;

	cr_assert(target_allow_parse(" , ", &allow, &problem));
	cr_assert_not(target_allows_host(allow, "localhost"));
	cr_assert_not(target_allows_host(allow, "127.0.0.1"));
}
