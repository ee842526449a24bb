/* The steps of an incident that are its own: what belongs to it, such as a rapid review, moves it
 * on. */
#pragma once

#include "domain/process.h"

/*
 * Sources: Children Act 2004 s16C (the local authority decides whether to notify); Working Together
 * 2023 chapter 5 and the Panel's questions and answers (a case found not to meet the criteria).
 */
extern const struct process incident_process;
