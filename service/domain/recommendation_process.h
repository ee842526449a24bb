/* What a recommendation goes through: accepted and acted on here, or raised with a national body.
 */
#pragma once

#include "domain/process.h"

/*
 * Sources: Working Together 2023 chapter 5 (partners act on the recommendations of local and
 * national reviews, and report on it yearly); the partnership's action plan.
 */
extern const struct process recommendation_process;
