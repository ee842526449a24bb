/* A small OpenAPI document for the tests of the command line. */
#pragma once

#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "cli/document.h"

extern const char test_document[];

/* Parses it; a test that cannot ends. */
struct document read_test_document(void);
