/* Owns the one letter that the sender's tests send. */
#include "letter.h"

#include <string.h>

#include <criterion/criterion.h>

void letter_send(
    struct sender *sender, const char *url, const struct letter *more, struct sent *ret_sent)
{
	struct letter letter = more ? *more : (struct letter){0};
	void *owner = NULL;

	letter.id = LETTER_ID;
	letter.url = url;
	letter.signature = "v1,abc=";
	letter.timestamp = 1719790200;
	letter.body = LETTER_BODY;
	letter.length = strlen(LETTER_BODY);
	sender_start(sender, &letter, ret_sent, ret_sent);
	while (!(owner = sender_take_finished(sender))) {
		(void)sender_wait(sender, &(struct wait_socket){.socket = -1}, 100);
		sender_run(sender);
	}
	cr_assert_eq(owner, ret_sent);
}
