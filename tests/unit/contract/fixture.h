/* What the contract's tests share: a small document, changes to it, and looks at faults. */
#pragma once

#include "contract/contract.h"

/* The small document; fails the test when it does not compile. The caller destroys it. */
struct contract *small_contract(void);
/* Its JSON; a new reference. */
json_t *small_document(void);
/* Compiles JSON text as a schema; fails the test when that is refused. */
struct schema *schema_of(json_t *document);
json_t *json_of(const char *text);
/* "pointer code" of each fault, one a line. Valid until the next call. */
const char *faults_of(const struct problem *problem);
