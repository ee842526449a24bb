/* Rewrites schemas of JSON Schema draft 7 in the words of 2020-12, which ours are written in. */
#pragma once

#include <jansson.h>

/* A new reference. Keywords that both drafts have stay as they are. */
json_t *draft7_translate(const json_t *schema);
