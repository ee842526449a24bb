/* Request bodies: bounded before they are built, then parsed and checked against the contract. */
#pragma once

#include "contract/contract.h"

#define BODY_DEPTH_MAX 32
#define BODY_NODES_MAX 10000

/*
 * Parses JSON. Refused as PROBLEM_MALFORMED_BODY: deeper than BODY_DEPTH_MAX, more values than
 * BODY_NODES_MAX, duplicate keys, bad UTF-8, lone surrogates, NUL, anything after the value. The
 * detail says where and never quotes.
 */
MUST_CHECK bool body_parse(
    const char *bytes, size_t length, json_t **ret_json, struct problem *problem);

/*
 * Adds a fault "forbidden_character" (PROBLEM_INVALID) for every text and key with controls or
 * direction overrides, and "blank_text" for every text that shows nothing. Pointers begin with
 * `base`.
 */
void body_check_characters(const json_t *json, const char *base, struct problem *problem);

/*
 * True when `content_type` is what the operation reads, which `ret_is_sheet` says is text/csv and
 * not JSON; charset may only be UTF-8. Else the problem is PROBLEM_UNSUPPORTED_MEDIA_TYPE.
 */
MUST_CHECK bool body_check_type(const struct operation *operation, const char *content_type,
    bool *ret_is_sheet, struct problem *problem);
