/* Owns the table of spellings. */
#include "spellings.h"

#include <stdio.h>

#include "base/cleanup.h"

#define LOOPBACK "The URL's address is not public: it is loopback."
#define HOST_SPELLING "The URL's host is not acceptable."
#define FORM "The URL must be https://host/… without user information."
#define ASCII "The URL must be printable ASCII without spaces and backslashes."
#define FRAGMENT "The URL must not have a fragment."
#define HOST_MISSING "The URL must have a host."
#define UNSPECIFIED "The URL's address is not public: it is unspecified."
#define LOCAL_TRANSLATION "The URL's address is not public: it is local translation."
#define LINK_LOCAL "The URL's address is not public: it is link-local."
#define UNIQUE_LOCAL "The URL's address is not public: it is unique local."
#define PRIVATE "The URL's address is not public: it is private."
#define SHARED "The URL's address is not public: it is shared."
#define SCHEME "The URL must begin with https://."

const struct spelling spellings[] = {
    {"https://127.0.0.1:%u/", LOOPBACK},
    {"https://127.000.000.001:%u/", LOOPBACK},
    {"https://127.1:%u/", LOOPBACK},
    {"https://127.0.1:%u/", LOOPBACK},
    {"https://2130706433:%u/", LOOPBACK},
    {"https://017700000001:%u/", LOOPBACK},
    {"https://0177.0.0.1:%u/", LOOPBACK},
    {"https://0177.0.0.01:%u/", LOOPBACK},
    {"https://00000000000000000000177.0.0.1:%u/", LOOPBACK},
    {"https://0x7f000001:%u/", LOOPBACK},
    {"https://0X7F.0x0.0x0.0x1:%u/", LOOPBACK},
    {"https://0x7f.1:%u/", LOOPBACK},
    {"https://0x7f.0.1:%u/", LOOPBACK},
    {"https://127.0x1:%u/", LOOPBACK},
    {"https://4294967297:%u/", HOST_SPELLING},
    {"https://127.0.0.1.:%u/", HOST_SPELLING},
    {"https://127.0.0.1..:%u/", HOST_SPELLING},
    {"https://127.1.:%u/", HOST_SPELLING},
    {"https://0x7f000001.:%u/", HOST_SPELLING},
    {"https://%%31%%32%%37.0.0.1:%u/", LOOPBACK},
    {"https://127%%2e0%%2e0%%2e1:%u/", LOOPBACK},
    {"https://127.0.0.1%%2e:%u/", HOST_SPELLING},
    {"https://127.0.0.1%%00.example.org:%u/", FORM},
    {"https://%%6c%%6f%%63alhost:%u/", LOOPBACK},
    {"https://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:%u/", ASCII,
        .no_uri = true}, /* full-width digits */
    {"https://\xe2\x91\xa0\xe2\x91\xa1\xe2\x91\xa6.0.0.1:%u/", ASCII,
        .no_uri = true}, /* digits in circles */
    {"https://127\xe3\x80\x82"
     "0\xe3\x80\x82"
     "0\xe3\x80\x82"
     "1:%u/",
        ASCII, .no_uri = true}, /* ideographic full stops */
    {"https://\xd9\xa1\xd9\xa2\xd9\xa7.0.0.1:%u/", ASCII, .no_uri = true}, /* Arabic-Indic digits */
    {"https://%%ef%%bc%%91%%ef%%bc%%92%%ef%%bc%%97.0.0.1:%u/", HOST_SPELLING},
    {"https://127.0.0.1:%u@127.0.0.1/", FORM},
    {"https://receiver.example.org@127.0.0.1:%u/", FORM},
    {"https://receiver.example.org:443@127.0.0.1:%u/", FORM},
    {"https://127.0.0.1:%u\\@receiver.example.org/", ASCII, .no_uri = true},
    {"https://127.0.0.1:%u#@receiver.example.org/", FRAGMENT},
    {"https:/127.0.0.1:%u/", HOST_MISSING},
    {"https:127.0.0.1:%u/", HOST_MISSING},
    {"https:///127.0.0.1:%u/", HOST_MISSING},
    {"https:\\\\127.0.0.1:%u/", ASCII, .no_uri = true},
    {"https://0:%u/", UNSPECIFIED},
    {"https://0.0.0.0:%u/", UNSPECIFIED},
    {"https://0x0:%u/", UNSPECIFIED},
    {"https://127.255.255.254:%u/", LOOPBACK},
    {"https://localhost:%u/", LOOPBACK},
    {"https://LOCALHOST:%u/", LOOPBACK},
    {"https://localhost.:%u/", LOOPBACK},
    {"https://a.localhost:%u/", LOOPBACK},
    {"https://a.LocalHost.:%u/", LOOPBACK},
    {"https://[::1]:%u/", LOOPBACK},
    {"https://[0:0:0:0:0:0:0:1]:%u/", LOOPBACK},
    {"https://[0000:0000:0000:0000:0000:0000:0000:0001]:%u/", LOOPBACK},
    {"https://[::]:%u/", UNSPECIFIED},
    {"https://[::1%%25lo]:%u/", HOST_SPELLING},
    {"https://[::1%%lo]:%u/", HOST_SPELLING, .no_uri = true},
    {"https://[::1%%251]:%u/", HOST_SPELLING},
    {"https://[fe80::1%%25lo]:%u/", HOST_SPELLING},
    {"https://[::ffff:127.0.0.1]:%u/", LOOPBACK},
    {"https://[::FFFF:7F00:1]:%u/", LOOPBACK},
    {"https://[0:0:0:0:0:ffff:127.0.0.1]:%u/", LOOPBACK},
    {"https://[::127.0.0.1]:%u/", LOOPBACK},
    {"https://[::7f00:1]:%u/", LOOPBACK},
    {"https://[::ffff:0:127.0.0.1]:%u/", LOOPBACK},
    {"https://[64:ff9b::127.0.0.1]:%u/", LOOPBACK},
    {"https://[64:ff9b::7f00:1]:%u/", LOOPBACK},
    {"https://[64:ff9b:1::7f00:1]:%u/", LOCAL_TRANSLATION},
    {"https://[2002:7f00:1::]:%u/", LOOPBACK},
    {"https://[2002:7f00:0001:0000:0000:0000:0000:0001]:%u/", LOOPBACK},
    {"https://[2a00:1450::5efe:127.0.0.1]:%u/", LOOPBACK},
    {"https://[v1.127.0.0.1]:%u/", FORM},
    {"https://169.254.169.254:%u/latest/meta-data/", LINK_LOCAL},
    {"https://0xa9fea9fe:%u/", LINK_LOCAL},
    {"https://2852039166:%u/", LINK_LOCAL},
    {"https://[fd00:ec2::254]:%u/", UNIQUE_LOCAL},
    {"https://10.0.0.1:%u/", PRIVATE},
    {"https://100.64.0.1:%u/", SHARED},
    {"https://192.168.0.1:%u/", PRIVATE},
    {"http://127.0.0.1:%u/", LOOPBACK},
    {"http://receiver.example.org:%u/", SCHEME},
    {"HTTP://127.0.0.1:%u/", LOOPBACK},
    {"ftp://127.0.0.1:%u/", LOOPBACK},
    {"gopher://127.0.0.1:%u/", LOOPBACK},
    {"file://127.0.0.1:%u/etc/passwd", FORM},
    {"dict://127.0.0.1:%u/", LOOPBACK},
    {"//127.0.0.1:%u/", HOST_MISSING, .no_uri = true},
    {"127.0.0.1:%u", HOST_MISSING, .no_uri = true},
};

const size_t spelling_count = ARRAY_LENGTH(spellings);

void spell(const struct spelling *spelling, unsigned port, char ret_url[SPELLING_BYTES])
{
	/* The table above is all that is ever printed with. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(ret_url, SPELLING_BYTES, spelling->format, port);
#pragma GCC diagnostic pop
}
