/*
 * Where webhooks may go. A URL is checked when an endpoint is made, and every resolved address
 * again when a connection is opened or used once more, so that no name can be pointed inwards
 * later. Pure: nothing is resolved here.
 */
#pragma once

#include <sys/socket.h>

#include "base/problem.h"

/* The longest URL of an endpoint, in bytes. */
#define TARGET_URL_MAX 2000

/* What the operator lets webhooks reach although it is private or without TLS. Immutable. */
struct target_allow;

/*
 * Reads hosts, addresses and CIDRs separated by commas: "localhost, 10.20.0.0/16, fd00::/8". An
 * empty text allows nothing. A fault is PROBLEM_INVALID and names the entry.
 */
MUST_CHECK bool target_allow_parse(
    const char *text, struct target_allow **ret_allow, struct problem *problem);
void target_allow_destroy(struct target_allow *allow);
DEFINE_CLEANUP(struct target_allow *, target_allow_destroy)

/* Whether the host stands in the list: by its name, or as a literal address inside a CIDR. */
bool target_allows_host(const struct target_allow *allow, const char *host);
/* Whether the address lies inside a CIDR of the list; IPv4-mapped counts as IPv4. */
bool target_allows_address(const struct target_allow *allow, const struct sockaddr *address);

/*
 * NULL for an address of the public internet, else what it is: "loopback", "private", … An
 * address that carries another one (mapped, NAT64, 6to4 …) is what the carried one is; what is
 * not IP at all is "not an internet address".
 */
const char *target_address_fault(const struct sockaddr *address);
/* The same for an address in its text form; what cannot be read is a fault too. */
const char *target_text_fault(const char *address);

/* A URL as the sender needs it. */
struct target {
	char host[256]; /* as libcurl understands it: numbers decoded, IPv6 without brackets */
	bool allowed;   /* the host is allow-listed: any address, and http too */
};

/*
 * Checks a URL against the rules for endpoints: https, or http for an allow-listed host; no user
 * information, no fragment, at most TARGET_URL_MAX bytes of printable ASCII, a host that is a
 * name or an address which webhooks may reach. PROBLEM_INVALID says which rule was broken.
 */
MUST_CHECK bool target_check(const char *url, const struct target_allow *allow,
    struct target *ret_target, struct problem *problem);
/* The same with the allow-list as text, for whoever only checks. */
MUST_CHECK bool webhook_target_check(const char *url, const char *allow, struct problem *problem);
