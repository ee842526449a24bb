/*
 * Owns the rules for targets. The URL is taken apart by libcurl's own parser, because a second
 * parser that understands a host differently is how such checks are passed by.
 */
#include "outbox/target.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#define ALLOW_ENTRIES_MAX 512

/* An address as 16 bytes; IPv4 stands in the first four. */
struct network {
	int family;
	unsigned prefix;
	unsigned char bytes[16];
};

struct allow_entry {
	bool is_network;
	struct network network;
	char host[256];
};

struct target_allow {
	size_t count;
	struct allow_entry entries[ALLOW_ENTRIES_MAX];
};

struct special {
	const char *network;
	const char *what;
};

/* IANA's special-purpose registry for IPv4, and the multicast and reserved classes. */
static const struct special special4[] = {
    {"0.0.0.0/8", "unspecified"},
    {"10.0.0.0/8", "private"},
    {"100.64.0.0/10", "shared"},
    {"127.0.0.0/8", "loopback"},
    {"169.254.0.0/16", "link-local"},
    {"172.16.0.0/12", "private"},
    {"192.0.0.0/24", "reserved"},
    {"192.0.2.0/24", "documentation"},
    {"192.88.99.0/24", "reserved"},
    {"192.168.0.0/16", "private"},
    {"198.18.0.0/15", "benchmarking"},
    {"198.51.100.0/24", "documentation"},
    {"203.0.113.0/24", "documentation"},
    {"224.0.0.0/4", "multicast"},
    {"240.0.0.0/4", "reserved"},
};

/* The same for IPv6; outside 2000::/3 nothing is public. The first match counts. */
static const struct special special6[] = {
    {"::/128", "unspecified"},
    {"::1/128", "loopback"},
    {"64:ff9b:1::/48", "local translation"},
    {"fc00::/7", "unique local"},
    {"fe80::/10", "link-local"},
    {"fec0::/10", "site-local"},
    {"ff00::/8", "multicast"},
    {"2001::/23", "reserved"},
    {"2001:db8::/32", "documentation"},
    {"3fff::/20", "documentation"},
};

/* Where an IPv6 address carries an IPv4 address, and from which byte. */
static const struct carrier {
	const char *network;
	unsigned offset;
} carriers[] = {
    {"::ffff:0:0/96", 12},   /* mapped */
    {"::ffff:0:0:0/96", 12}, /* translated, RFC 2765 */
    {"64:ff9b::/96", 12},    /* NAT64 */
    {"2002::/16", 2},        /* 6to4 */
    {"::/96", 12},           /* compatible, long deprecated */
};

static bool network_parse(const char *text, struct network *ret_network)
{
	char address[INET6_ADDRSTRLEN + 1];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct network network = {0};

	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	network.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(network.family, address, network.bytes) != 1)
		return false;

	network.prefix = network.family == AF_INET ? 32 : 128;
	if (slash) {
		char *end = NULL;
		unsigned long prefix = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || prefix > network.prefix)
			return false;
		network.prefix = (unsigned)prefix;
	}
	*ret_network = network;
	return true;
}

static bool network_contains(
    const struct network *network, int family, const unsigned char bytes[16])
{
	unsigned whole = network->prefix / 8;
	unsigned rest = network->prefix % 8;

	if (network->family != family || memcmp(network->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || (network->bytes[whole] ^ bytes[whole]) >> (8 - rest) == 0;
}

static bool text_contains(const char *text, int family, const unsigned char bytes[16])
{
	struct network network;
	bool parsed = network_parse(text, &network);

	assert(parsed);
	return network_contains(&network, family, bytes);
}

static const char *fault4(const unsigned char bytes[16])
{
	for (size_t i = 0; i < ARRAY_LENGTH(special4); i++)
		if (text_contains(special4[i].network, AF_INET, bytes))
			return special4[i].what;
	return NULL;
}

/* ISATAP (RFC 5214) puts IPv4 into the interface part of an address of any prefix. */
static bool is_isatap(const unsigned char bytes[16])
{
	return (bytes[8] & 0xfd) == 0 && bytes[9] == 0 && bytes[10] == 0x5e && bytes[11] == 0xfe;
}

static const char *fault6(const unsigned char bytes[16])
{
	for (size_t i = 0; i < ARRAY_LENGTH(special6); i++)
		if (text_contains(special6[i].network, AF_INET6, bytes))
			return special6[i].what;

	unsigned char carried[16] = {0};
	for (size_t i = 0; i < ARRAY_LENGTH(carriers); i++) {
		if (!text_contains(carriers[i].network, AF_INET6, bytes))
			continue;
		memcpy(carried, bytes + carriers[i].offset, 4);
		return fault4(carried);
	}
	if (is_isatap(bytes)) {
		memcpy(carried, bytes + 12, 4);
		const char *fault = fault4(carried);
		if (fault)
			return fault;
	}
	return text_contains("2000::/3", AF_INET6, bytes) ? NULL : "reserved";
}

static bool address_bytes(
    const struct sockaddr *address, int *ret_family, unsigned char ret_bytes[16])
{
	memset(ret_bytes, 0, 16);
	*ret_family = address->sa_family;
	if (address->sa_family == AF_INET)
		memcpy(ret_bytes, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(ret_bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
	else
		return false;
	return true;
}

const char *target_address_fault(const struct sockaddr *address)
{
	int family;
	unsigned char bytes[16];

	if (!address_bytes(address, &family, bytes))
		return "not an internet address";
	return family == AF_INET ? fault4(bytes) : fault6(bytes);
}

/* Without a prefix, a zone or anything else around it. */
static bool literal_parse(const char *text, struct network *ret_network)
{
	return !strchr(text, '/') && network_parse(text, ret_network);
}

const char *target_text_fault(const char *address)
{
	struct network network;

	if (!literal_parse(address, &network))
		return "not an internet address";
	return network.family == AF_INET ? fault4(network.bytes) : fault6(network.bytes);
}

static bool is_host_name(const char *host)
{
	size_t length = strlen(host);

	if (length == 0 || length > 253 || host[0] == '.' || host[0] == '-')
		return false;
	for (size_t i = 0; i < length; i++) {
		char c = host[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && c != '-' && c != '.' && c != '_')
			return false;
		if (c == '.' && i + 1 < length && host[i + 1] == '.')
			return false;
	}
	return true;
}

/* What resolvers would take for an address although it is not written as one. */
static bool ends_in_number(const char *host)
{
	size_t end = strlen(host);

	if (end && host[end - 1] == '.')
		end--;
	size_t start = end;
	while (start && host[start - 1] != '.')
		start--;
	if (end - start >= 2 && host[start] == '0' && (host[start + 1] | 0x20) == 'x')
		return strspn(host + start + 2, "0123456789abcdefABCDEF") >= end - start - 2;
	return start < end && strspn(host + start, "0123456789") >= end - start;
}

/* A final dot only says that the name is complete. */
static bool same_host(const char *a, const char *b)
{
	size_t length_a = strlen(a);
	size_t length_b = strlen(b);

	if (length_a && a[length_a - 1] == '.')
		length_a--;
	if (length_b && b[length_b - 1] == '.')
		length_b--;
	return length_a == length_b && strncasecmp(a, b, length_a) == 0;
}

static bool allow_add(struct target_allow *allow, const char *entry, struct problem *problem)
{
	if (allow->count == ALLOW_ENTRIES_MAX)
		return problem_set(problem, PROBLEM_INVALID,
		    "The list of allowed targets has more than %d entries.", ALLOW_ENTRIES_MAX);

	struct allow_entry *added = &allow->entries[allow->count];
	added->is_network = network_parse(entry, &added->network);
	/* Digits and dots alone were meant as an address; as a name they would never match. */
	bool numeric = strspn(entry, "0123456789./") == strlen(entry);
	if (!added->is_network && (numeric || !is_host_name(entry)))
		return problem_set(problem, PROBLEM_INVALID,
		    "\"%.100s\" in the list of allowed targets is no host, address or CIDR.", entry);
	if (!added->is_network)
		memcpy(added->host, entry, strlen(entry) + 1);
	allow->count++;
	return true;
}

bool target_allow_parse(const char *text, struct target_allow **ret_allow, struct problem *problem)
{
	CLEANUP(target_allow_destroy) struct target_allow *allow = calloc(1, sizeof(*allow));
	CLEANUP(free) char *copy = strdup(text);

	if (!allow || !copy)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for the allow-list");
	char *rest = copy;
	for (char *entry; (entry = strsep(&rest, ","));) {
		entry += strspn(entry, " \t");
		size_t length = strcspn(entry, " \t");
		if (entry[length + strspn(entry + length, " \t")])
			return problem_set(problem, PROBLEM_INVALID,
			    "The entries of the list of allowed targets are separated by commas.");
		entry[length] = '\0';
		if (*entry && !allow_add(allow, entry, problem))
			return false;
	}
	*ret_allow = TAKE(allow);
	return true;
}

void target_allow_destroy(struct target_allow *allow)
{
	free(allow);
}

static bool allows_bytes(
    const struct target_allow *allow, int family, const unsigned char bytes[16])
{
	unsigned char carried[16] = {0};

	if (family == AF_INET6 && text_contains("::ffff:0:0/96", AF_INET6, bytes)) {
		memcpy(carried, bytes + 12, 4);
		return allows_bytes(allow, AF_INET, carried);
	}
	for (size_t i = 0; i < allow->count; i++)
		if (allow->entries[i].is_network &&
		    network_contains(&allow->entries[i].network, family, bytes))
			return true;
	return false;
}

bool target_allows_address(const struct target_allow *allow, const struct sockaddr *address)
{
	int family;
	unsigned char bytes[16];

	return address_bytes(address, &family, bytes) && allows_bytes(allow, family, bytes);
}

bool target_allows_host(const struct target_allow *allow, const char *host)
{
	struct network literal;

	if (literal_parse(host, &literal))
		return allows_bytes(allow, literal.family, literal.bytes);
	for (size_t i = 0; i < allow->count; i++)
		if (!allow->entries[i].is_network && same_host(allow->entries[i].host, host))
			return true;
	return false;
}

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
DEFINE_CLEANUP(char *, curl_free)

static bool has_part(CURLU *parsed, CURLUPart part)
{
	CLEANUP(curl_free) char *value = NULL;

	return curl_url_get(parsed, part, &value, 0) == CURLUE_OK;
}

/* What can be said of the text before anything takes it apart. */
static bool check_text(const char *url, struct problem *problem)
{
	size_t length = strnlen(url, TARGET_URL_MAX + 1);

	if (length == 0 || length > TARGET_URL_MAX)
		return problem_set(
		    problem, PROBLEM_INVALID, "The URL must have 1 to %d bytes.", TARGET_URL_MAX);
	for (size_t i = 0; i < length; i++)
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '\\')
			return problem_set(problem, PROBLEM_INVALID,
			    "The URL must be printable ASCII without spaces and backslashes.");
	if (strchr(url, '#'))
		return problem_set(problem, PROBLEM_INVALID, "The URL must not have a fragment.");
	/* libcurl takes one to three slashes, and would make a host of the path. */
	const char *slashes = strstr(url, "://");
	if (!slashes || slashes[3] == '/')
		return problem_set(problem, PROBLEM_INVALID, "The URL must have a host.");
	return true;
}

static bool is_localhost(const char *host)
{
	const char *last = strrchr(host, '.');

	if (last && last[1] == '\0') {
		while (last > host && last[-1] != '.')
			last--;
		return same_host(last, "localhost");
	}
	return same_host(last ? last + 1 : host, "localhost");
}

static bool check_host(
    CURLU *parsed, const struct target_allow *allow, struct target *target, struct problem *problem)
{
	CLEANUP(curl_free) char *host = NULL;
	struct network literal;

	if (curl_url_get(parsed, CURLUPART_HOST, &host, 0) != CURLUE_OK || !*host)
		return problem_set(problem, PROBLEM_INVALID, "The URL must have a host.");
	size_t length = strlen(host);
	bool bracketed = host[0] == '[' && host[length - 1] == ']';
	if (length >= sizeof(target->host) || has_part(parsed, CURLUPART_ZONEID))
		return problem_set(problem, PROBLEM_INVALID, "The URL's host is not acceptable.");
	memcpy(target->host, host + bracketed, length + 1 - bracketed);
	if (bracketed)
		target->host[length - 2] = '\0';

	bool is_literal = literal_parse(target->host, &literal);
	if (!is_literal && (bracketed || !is_host_name(target->host) || ends_in_number(target->host)))
		return problem_set(problem, PROBLEM_INVALID, "The URL's host is not acceptable.");
	target->allowed = target_allows_host(allow, target->host);
	if (target->allowed)
		return true;
	const char *fault = is_literal ? target_text_fault(target->host) : NULL;
	if (fault)
		return problem_set(
		    problem, PROBLEM_INVALID, "The URL's address is not public: it is %s.", fault);
	if (is_localhost(target->host))
		return problem_set(
		    problem, PROBLEM_INVALID, "The URL's address is not public: it is loopback.");
	return true;
}

bool target_check(const char *url, const struct target_allow *allow, struct target *ret_target,
    struct problem *problem)
{
	CLEANUP(curl_url_cleanup) CURLU *parsed = curl_url();
	CLEANUP(curl_free) char *scheme = NULL;
	struct target target = {0};

	assert(allow);
	if (!parsed)
		return problem_fail(problem, PROBLEM_UNAVAILABLE, "no memory for a URL");
	if (!check_text(url, problem))
		return false;
	if (curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER) != CURLUE_OK ||
	    curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
		return problem_set(
		    problem, PROBLEM_INVALID, "The URL must be https://host/… without user information.");
	if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD))
		return problem_set(problem, PROBLEM_INVALID, "The URL must not have user information.");
	if (!check_host(parsed, allow, &target, problem))
		return false;
	if (strcmp(scheme, "https") != 0 && !(strcmp(scheme, "http") == 0 && target.allowed))
		return problem_set(problem, PROBLEM_INVALID, "The URL must begin with https://.");
	*ret_target = target;
	return true;
}

bool webhook_target_check(const char *url, const char *allow, struct problem *problem)
{
	CLEANUP(target_allow_destroy) struct target_allow *parsed = NULL;
	struct target target;

	return target_allow_parse(allow, &parsed, problem) &&
	       target_check(url, parsed, &target, problem);
}
