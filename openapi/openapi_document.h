/* The OpenAPI document as the build bundles it: one JSON text, embedded in csprd and in cspr. */
#pragma once

#include <stddef.h>

extern const char openapi_json[];
extern const size_t openapi_json_length; /* without the NUL */
