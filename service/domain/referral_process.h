/* What a referral goes through: quality assurance by the business manager, then the threshold. */
#pragma once

#include "domain/process.h"

/*
 * Sources: the partnership's flowchart of the process (any agency refers, the business manager
 * assures the quality, the threshold is met or not), Working Together 2023 chapter 5.
 */
extern const struct process referral_process;
