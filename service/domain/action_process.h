/* What an action goes through: from its agreement to a closure that somebody has assured. */
#pragma once

#include "domain/process.h"

/*
 * Sources: "what is required of the partnership and agencies collectively and individually, and by
 * when" with assurance "at agreed intervals" (the partnership's flowchart of the process; Working
 * Together 2023 chapter 5 on acting on the findings of reviews).
 */
extern const struct process action_process;
