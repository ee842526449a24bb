/* Settings come from the environment once, are all checked before the start, and never change. */
#pragma once

#include <stdbool.h>

#include "base/text.h"

struct settings {
#define SETTING_FIELD_TEXT(name) char *name;
#define SETTING_FIELD_SECRET(name) char *name;
#define SETTING_FIELD_NUMBER(name) long name;
#define SETTING_FIELD_SWITCH(name) bool name;
#define SETTING(type, name, variable, fallback, least, most, help) SETTING_FIELD_##type(name)
#include "base/settings.def"
#undef SETTING
};

/*
 * Reads every setting. `needed` lists the variables that this command cannot do without, NULL at
 * its end; others may be absent. All faults are appended to `ret_faults`, one a line.
 */
MUST_CHECK bool settings_load(
    const char *const needed[], struct settings *ret_settings, struct text *ret_faults);
void settings_finish(struct settings *settings);
DEFINE_VALUE_CLEANUP(struct settings, settings_finish)
/* The table of variables, defaults and meanings, for --help. */
void settings_describe(struct text *ret_text);
