/* What a rapid review goes through: scoping, the meeting, the decision and its submission. */
#pragma once

#include "domain/process.h"

/*
 * Sources: Working Together 2023 chapter 5; Child Safeguarding Practice Review and Relevant Agency
 * (England) Regulations 2018 (SI 2018/789); the partnership's flowchart of the process. Nothing
 * here opens one: only the notification of a serious incident does.
 */
extern const struct process rapid_review_process;
