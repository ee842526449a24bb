/* Owns the words for certificates that do not hold. libcurl itself only says that one does not. */
#include "outbox/tls_fault.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"

/* The bits are gnutls_certificate_status_t's, which GnuTLS keeps as they are; see gnutls.h. */
static const struct {
	unsigned bit;
	const char *what;
} faults[] = {
    {10, "it has expired"},
    {9, "it is not valid yet"},
    {5, "it was revoked"},
    {6, "its authority is not one that counts here"},
    {7, "who signed it is no authority"},
    {8, "its signature is of a kind that is not safe"},
    {11, "its signature is wrong"},
    {14, "it belongs to another name"},
    {16, "its authority may not sign for this"},
    {18, "it is for another purpose"},
    {21, "it has a critical extension that is not known"},
};

bool tls_fault_text(long verify_result, char *ret_text, size_t room)
{
	CLEANUP(text_finish) struct text text = TEXT_INIT(1024);

	for (size_t i = 0; i < ARRAY_LENGTH(faults); i++) {
		if (!((unsigned long)verify_result >> faults[i].bit & 1))
			continue;
		text_puts(&text, text.length ? ", and " : "the receiver's certificate does not hold: ");
		text_puts(&text, faults[i].what);
	}
	snprintf(ret_text, room, "%s", text_string(&text));
	return text.length > 0;
}
