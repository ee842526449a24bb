/* What a review goes through, from the decision to initiate it to its end. */
#pragma once

#include "domain/process.h"

/*
 * Sources: Working Together 2023 chapter 5 (the decision, six months, reviewers, publication),
 * Children Act 2004 s16F and SI 2018/789 (local child safeguarding practice reviews), and the
 * partnership's flowchart of the process (set-up, drafts, 14 days for agencies, subgroup, board).
 */
extern const struct process review_process;
