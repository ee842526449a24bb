/* Owns profiles on disk, and the choice of address and token. */
#include "cli/profile.h"

#include "cli/body.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_BYTES 16384

void access_finish(struct access *access)
{
	if (access->token)
		explicit_bzero(access->token, strlen(access->token));
	free(access->token);
	free(access->url);
	*access = (struct access){0};
}

bool profile_is_name(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) <= 64 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
	           strlen(name);
}

static bool directory_path(struct text *path, struct text *message)
{
	const char *base = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");

	if (base && base[0] == '/')
		text_puts(path, base);
	else if (home && home[0] == '/')
		text_printf(path, "%s/.config", home);
	else {
		text_puts(message, "Neither XDG_CONFIG_HOME nor HOME says where profiles are");
		return false;
	}
	text_puts(path, "/cspr");
	return true;
}

bool secret_read_file(const char *path, struct text *secret, struct text *message)
{
	struct text raw CLEANUP(text_finish) = TEXT_INIT(SECRET_BYTES);

	if (!body_read_file(path, &raw, message))
		return false;
	const char *start = text_string(&raw);
	size_t length = raw.length;
	while (length && isspace((unsigned char)*start)) {
		start++;
		length--;
	}
	while (length && isspace((unsigned char)start[length - 1]))
		length--;
	text_append(secret, start, length);
	if (raw.data)
		explicit_bzero(raw.data, raw.length);
	if (length == 0)
		text_printf(message, "%s is empty", path);
	return length > 0 && !secret->failed;
}

/* Reads a profile; an absent one gives an empty access unless it `must` be there. */
static bool read_profile(
    const char *name, bool must, struct access *ret_access, struct text *message)
{
	struct text path CLEANUP(text_finish) = TEXT_INIT(4096);
	struct stat facts;

	if (!directory_path(&path, message)) {
		if (!must)
			text_finish(message);
		return !must;
	}
	text_printf(&path, "/%s", name);
	if (stat(text_string(&path), &facts) != 0) {
		if (errno == ENOENT && !must)
			return true;
		text_printf(message, "The profile %s cannot be read: %s", name, strerror(errno));
		return false;
	}
	if (facts.st_mode & (S_IRWXG | S_IRWXO)) {
		text_printf(message, "%s may be read by others; make its mode 0600", text_string(&path));
		return false;
	}
	struct text bytes CLEANUP(text_finish) = TEXT_INIT(SECRET_BYTES);
	if (!body_read_file(text_string(&path), &bytes, message))
		return false;
	json_t *profile CLEANUP(json_decref) =
	    json_loadb(text_string(&bytes), bytes.length, JSON_REJECT_DUPLICATES, NULL);
	explicit_bzero(bytes.data, bytes.length);
	if (!json_text(profile, "url")[0] || !json_text(profile, "token")[0]) {
		text_printf(message, "%s is not a profile; run `cspr login` again", text_string(&path));
		return false;
	}
	ret_access->url = strdup(json_text(profile, "url"));
	ret_access->token = strdup(json_text(profile, "token"));
	return ret_access->url && ret_access->token;
}

/* The token of the environment; none gives an empty text. */
static bool read_environment(struct text *token, struct text *message)
{
	const char *direct = getenv("CSPR_TOKEN");
	const char *file = getenv("CSPR_TOKEN_FILE");

	if (direct && direct[0])
		text_puts(token, direct);
	else if (file && file[0])
		return secret_read_file(file, token, message);
	return true;
}

static const char *present(const char *value)
{
	return value && value[0] ? value : NULL;
}

static bool choose(const struct arguments *arguments, const struct access *profile,
    const char *environment_token, struct access *ret_access)
{
	bool named = arguments->profile != NULL;
	const char *from_environment = present(getenv("CSPR_URL"));
	const char *url = arguments->url;

	if (!url && named)
		url = profile->url;
	if (!url)
		url = from_environment;
	if (!url)
		url = profile->url;
	if (!url)
		url = URL_DEFAULT;
	bool fits = profile->url && strcmp(profile->url, url) == 0;
	const char *token = named && fits ? profile->token : present(environment_token);
	if (!token && fits)
		token = profile->token;
	ret_access->url = strdup(url);
	ret_access->token = token ? strdup(token) : NULL;
	return ret_access->url && (!token || ret_access->token);
}

bool access_find(const struct arguments *arguments, struct access *ret_access, struct text *message)
{
	struct access profile CLEANUP(access_finish) = {0};
	struct text token CLEANUP(text_finish) = TEXT_INIT(SECRET_BYTES);
	bool named = arguments->profile != NULL;

	if (named && !profile_is_name(arguments->profile)) {
		text_printf(message, "%s is not a possible name for a profile", arguments->profile);
		return false;
	}
	if (!read_environment(&token, message))
		return false;
	/* With address and token in the environment, a broken default profile is nobody's concern. */
	bool needed = named || !token.length || (!arguments->url && !present(getenv("CSPR_URL")));
	if (needed &&
	    !read_profile(named ? arguments->profile : PROFILE_DEFAULT, named, &profile, message))
		return false;
	bool chosen = choose(arguments, &profile, text_string(&token), ret_access);
	if (token.data)
		explicit_bzero(token.data, token.length);
	if (!chosen)
		text_puts(message, "Memory ended");
	return chosen;
}

static bool make_directories(const char *path)
{
	char *copy CLEANUP(free) = strdup(path);

	if (!copy)
		return false;
	for (char *at = copy + 1; *at; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	return mkdir(copy, 0700) == 0 || errno == EEXIST;
}

static bool write_private(const char *path, const char *content)
{
	struct text temporary CLEANUP(text_finish) = TEXT_INIT(4096);

	text_printf(&temporary, "%s.XXXXXX", path);
	if (temporary.failed)
		return false;
	int file = mkostemp(temporary.data, O_CLOEXEC);
	if (file < 0)
		return false;
	size_t length = strlen(content);
	bool ok = fchmod(file, S_IRUSR | S_IWUSR) == 0 &&
	          write(file, content, length) == (ssize_t)length && fsync(file) == 0;
	ok = close(file) == 0 && ok;
	ok = ok && rename(temporary.data, path) == 0;
	if (!ok) {
		int reason = errno;
		unlink(temporary.data);
		errno = reason;
	}
	return ok;
}

bool profile_write(const char *name, const char *url, const char *token, struct text *ret_path,
    struct text *message)
{
	if (!directory_path(ret_path, message))
		return false;
	bool made = make_directories(text_string(ret_path));
	text_printf(ret_path, "/%s", name);
	json_t *profile CLEANUP(json_decref) = json_pack("{s:s, s:s}", "url", url, "token", token);
	char *content CLEANUP(free) = profile ? json_dumps(profile, JSON_INDENT(2)) : NULL;
	bool written = made && content && write_private(text_string(ret_path), content);
	if (content)
		explicit_bzero(content, strlen(content));
	if (!written)
		text_printf(message, "%s cannot be written: %s", text_string(ret_path), strerror(errno));
	return written;
}
