/* Owns the reading and checking of settings; settings.def is the list. */
#include "base/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum setting_type { SETTING_TEXT, SETTING_SECRET, SETTING_NUMBER, SETTING_SWITCH };

struct setting {
	enum setting_type type;
	const char *variable;
	const char *fallback;
	long least;
	long most;
	const char *help;
	size_t offset;
};

static const struct setting list[] = {
#define SETTING(type, name, variable, fallback, least, most, help)                                 \
	{SETTING_##type, variable, fallback, least, most, help, offsetof(struct settings, name)},
#include "base/settings.def"
#undef SETTING
};

static bool is_needed(const struct setting *setting, const char *const needed[])
{
	for (; *needed; needed++)
		if (strcmp(*needed, setting->variable) == 0)
			return true;
	return false;
}

/* What the file holds, without one newline at its end. */
static bool read_file(
    const char *path, char ret_value[4096], const char *variable, struct text *ret_faults)
{
	FILE *file = fopen(path, "re");
	if (!file) {
		text_printf(ret_faults, "%s_FILE: %s cannot be read\n", variable, path);
		return false;
	}
	size_t length = fread(ret_value, 1, 4095, file);
	(void)fclose(file);
	ret_value[length] = '\0';
	if (length && ret_value[length - 1] == '\n')
		ret_value[length - 1] = '\0';
	return true;
}

/* The value from the environment or the file; NULL when neither is there. */
static const char *find_value(
    const struct setting *setting, char buffer[4096], struct text *ret_faults)
{
	const char *value = getenv(setting->variable);
	if (setting->type != SETTING_SECRET)
		return value;

	char variable[128];
	snprintf(variable, sizeof(variable), "%s_FILE", setting->variable);
	const char *path = getenv(variable);
	if (!path)
		return value;
	if (value) {
		text_printf(ret_faults, "%s and %s are both set; set one\n", setting->variable, variable);
		return NULL;
	}
	return read_file(path, buffer, setting->variable, ret_faults) ? buffer : NULL;
}

/* A setting that is not there for want of memory would pass for one that is not set
 * (docs/adr/0009). */
static char *keep(const char *value)
{
	char *kept = strdup(value);

	if (!kept)
		abort();
	return kept;
}

static void store_string(
    const struct setting *setting, const char *value, void *target, struct text *ret_faults)
{
	size_t length = strlen(value);

	if (length < (size_t)setting->least || length > (size_t)setting->most)
		text_printf(ret_faults, "%s must have %ld to %ld characters, it has %zu\n",
		    setting->variable, setting->least, setting->most, length);
	*(char **)target = keep(value);
}

static void store_number(
    const struct setting *setting, const char *value, void *target, struct text *ret_faults)
{
	char *end = NULL;

	errno = 0;
	long number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < setting->least || number > setting->most)
		text_printf(ret_faults, "%s must be a whole number from %ld to %ld\n", setting->variable,
		    setting->least, setting->most);
	*(long *)target = number;
}

static void store_switch(
    const struct setting *setting, const char *value, void *target, struct text *ret_faults)
{
	bool on = strcmp(value, "on") == 0;

	if (!on && strcmp(value, "off") != 0)
		text_printf(ret_faults, "%s must be on or off\n", setting->variable);
	*(bool *)target = on;
}

static void load_one(
    const struct setting *setting, bool needed, struct settings *settings, struct text *ret_faults)
{
	char buffer[4096];
	void *target = (char *)settings + setting->offset;
	size_t faults_before = ret_faults->length;
	const char *value = find_value(setting, buffer, ret_faults);

	if (!value && ret_faults->length == faults_before && needed && !setting->fallback)
		text_printf(ret_faults, "%s is not set: %s\n", setting->variable, setting->help);
	if (!value && !setting->fallback) {
		if (setting->type == SETTING_TEXT || setting->type == SETTING_SECRET)
			*(char **)target = keep("");
		return;
	}
	if (!value)
		value = setting->fallback;

	switch (setting->type) {
	case SETTING_TEXT:
	case SETTING_SECRET:
		store_string(setting, value, target, ret_faults);
		break;
	case SETTING_NUMBER:
		store_number(setting, value, target, ret_faults);
		break;
	case SETTING_SWITCH:
		store_switch(setting, value, target, ret_faults);
		break;
	}
}

bool settings_load(
    const char *const needed[], struct settings *ret_settings, struct text *ret_faults)
{
	size_t faults_before = ret_faults->length;

	*ret_settings = (struct settings){0};
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++)
		load_one(&list[i], is_needed(&list[i], needed), ret_settings, ret_faults);
	if (ret_settings->database_connections == 0)
		ret_settings->database_connections = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	return ret_faults->length == faults_before;
}

void settings_finish(struct settings *settings)
{
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++) {
		if (list[i].type != SETTING_TEXT && list[i].type != SETTING_SECRET)
			continue;
		char **value = (char **)((char *)settings + list[i].offset);
		free(*value);
		*value = NULL;
	}
}

void settings_describe(struct text *ret_text)
{
	for (size_t i = 0; i < ARRAY_LENGTH(list); i++) {
		const char *fallback = list[i].fallback ? list[i].fallback : "(must be set)";
		text_printf(ret_text, "  %-30s %s\n  %-30s default: %s\n", list[i].variable, list[i].help,
		    "", fallback[0] ? fallback : "(empty)");
	}
}
