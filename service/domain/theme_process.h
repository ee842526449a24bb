/* The steps of theme sets and of themes: neither has states, a theme is in use from day to day. */
#pragma once

#include "domain/process.h"

extern const struct process theme_set_process;
extern const struct process theme_process;

/*
 * The themes of a review or an incident as a whole list: none is unknown or twice there, and none
 * is newly coded on a day on which it is not in use. The fact `named_themes` has {label, is_coded,
 * used_from, retired_on, retired_reason, replaced_by, replaced_by_label, set_from, set_to} by the
 * id of each theme that the body names.
 */
MUST_CHECK bool theme_coding_check(const struct act *act, struct problem *problem);
