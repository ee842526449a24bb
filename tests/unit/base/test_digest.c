/* Owns the tests of hashes, base64 and sealing, against published vectors and spoiled inputs. */
#include <ctype.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/digest.h"

static void expect_hex(const unsigned char digest[DIGEST_BYTES], const char *expected)
{
	char hex[DIGEST_HEX];

	hex_encode(digest, DIGEST_BYTES, hex);
	cr_expect_str_eq(hex, expected);
}

Test(hex, is_read_in_either_case_and_is_nothing_else)
{
	static const char digits[] = "0123456789abcdef";

	for (int value = 0; value < 16; value++) {
		cr_expect_eq(hex_value(digits[value]), value);
		cr_expect_eq(hex_value((char)toupper((unsigned char)digits[value])), value);
	}
	for (const char *other = "/:@G`g "; *other; other++)
		cr_expect_eq(hex_value(*other), -1, "%c", *other);
	cr_expect_eq(hex_value('\0'), -1);
}

/* FIPS 180-4 examples. */
Test(sha256, agrees_with_the_standard)
{
	static const struct {
		const char *message;
		const char *digest;
	} rows[] = {
	    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		unsigned char digest[DIGEST_BYTES];
		digest_sha256(rows[i].message, strlen(rows[i].message), digest);
		expect_hex(digest, rows[i].digest);
	}
}

/* RFC 4231, test cases 1 to 4, 6 and 7 (5 tests a truncation that is not used here). */
Test(hmac_sha256, agrees_with_rfc_4231)
{
	static const struct {
		unsigned char key_byte;  /* repeated; 0: the key is the text */
		unsigned char data_byte; /* likewise */
		size_t key_length;
		const char *key;
		size_t data_length;
		const char *data;
		const char *digest;
	} rows[] = {
	    {0x0b, 0, 20, "", 8, "Hi There",
	        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	    {0, 0, 4, "Jefe", 28, "what do ya want for nothing?",
	        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	    {0xaa, 0xdd, 20, "", 50, "",
	        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	    {0, 0xcd, 25,
	        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"
	        "\x14\x15\x16\x17\x18\x19",
	        50, "", "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	    {0xaa, 0, 131, "", 54, "Test Using Larger Than Block-Size Key - Hash Key First",
	        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	    {0xaa, 0, 131, "", 152,
	        "This is a test using a larger than block-size key and a larger than block-size data. "
	        "The key needs to be hashed before being used by the HMAC algorithm.",
	        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		unsigned char key[200];
		unsigned char data[200];
		unsigned char digest[DIGEST_BYTES];
		memset(key, rows[i].key_byte, sizeof(key));
		memset(data, rows[i].data_byte, sizeof(data));
		if (!rows[i].key_byte)
			memcpy(key, rows[i].key, rows[i].key_length);
		if (!rows[i].data_byte)
			memcpy(data, rows[i].data, rows[i].data_length);
		digest_hmac_sha256(key, rows[i].key_length, data, rows[i].data_length, digest);
		expect_hex(digest, rows[i].digest);
	}
}

Test(digest, equality_looks_at_every_byte)
{
	unsigned char a[DIGEST_BYTES] = {0};
	unsigned char b[DIGEST_BYTES] = {0};

	cr_expect(digest_equal(a, b, DIGEST_BYTES));
	for (int i = 0; i < DIGEST_BYTES; i++) {
		b[i] = 1;
		cr_expect_not(digest_equal(a, b, DIGEST_BYTES), "byte %d", i);
		b[i] = 0;
	}
}

/* RFC 4648 section 10, and bytes whose text differs between the two alphabets. */
Test(base64, encodes_and_decodes_both_alphabets)
{
	static const struct {
		const char *bytes;
		const char *standard;
		const char *url;
	} rows[] = {
	    {"", "", ""},
	    {"f", "Zg==", "Zg"},
	    {"fo", "Zm8=", "Zm8"},
	    {"foo", "Zm9v", "Zm9v"},
	    {"foob", "Zm9vYg==", "Zm9vYg"},
	    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
	    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
	    {"\xfb\xff\xfe", "+//+", "-__-"},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(text_finish) struct text standard = TEXT_INIT(100);
		CLEANUP(text_finish) struct text url = TEXT_INIT(100);
		base64_encode(rows[i].bytes, strlen(rows[i].bytes), &standard);
		base64url_encode(rows[i].bytes, strlen(rows[i].bytes), &url);
		cr_expect_str_eq(text_string(&standard), rows[i].standard);
		cr_expect_str_eq(text_string(&url), rows[i].url);
		const char *const texts[] = {rows[i].standard, rows[i].url};
		for (size_t j = 0; j < ARRAY_LENGTH(texts); j++) {
			CLEANUP(text_finish) struct text bytes = TEXT_INIT(100);
			cr_expect(base64_decode(texts[j], strlen(texts[j]), &bytes), "%s", texts[j]);
			cr_expect_str_eq(text_string(&bytes), rows[i].bytes);
		}
	}
}

Test(base64, refuses_what_is_not_exactly_base64)
{
	static const char *const rows[] = {
	    "Z",      /* one character carries no byte */
	    "Zm9vY",  /* the same after a whole group */
	    "Zh==",   /* bits that stand for nothing are set */
	    "Zm9=",   /* the same with one padding */
	    "Zg=",    /* half the padding */
	    "Zg===",  /* too much of it */
	    "Zm9v=",  /* padding where none belongs */
	    "Zm9v==", /* and more of it */
	    "====",   /* padding of nothing */
	    "=",
	    "Zg==Zg==", /* padding in the middle */
	    "Zm 9v",
	    "Zm9v\n",
	    " Zm9v",
	    "Zm9*",
	    "Zm\xc3\xa9",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		CLEANUP(text_finish) struct text bytes = TEXT_INIT(100);
		cr_expect_not(base64_decode(rows[i], strlen(rows[i]), &bytes), "%s", rows[i]);
	}
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(100);
	cr_expect_not(base64_decode("Zm9\0", 4, &bytes), "a NUL is no character of base64");
}

Test(base64, fails_when_the_result_does_not_fit)
{
	CLEANUP(text_finish) struct text bytes = TEXT_INIT(2);

	cr_expect_not(base64_decode("Zm9v", 4, &bytes));
}

static const unsigned char key[32] = "an example key of thirty-two by";

Test(seal, opens_again_and_never_looks_the_same)
{
	CLEANUP(text_finish) struct text first = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text second = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text plain = TEXT_INIT(1000);

	cr_assert(seal(key, "whsec_secret", 12, &first));
	cr_assert(seal(key, "whsec_secret", 12, &second));
	cr_expect_eq(first.length, 12 + 12 + 16);
	cr_expect_neq(memcmp(first.data, second.data, first.length), 0);
	cr_expect_null(memmem(first.data, first.length, "whsec_secret", 12));
	cr_assert(unseal(key, first.data, first.length, &plain));
	cr_expect_str_eq(text_string(&plain), "whsec_secret");
}

Test(seal, works_on_nothing)
{
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text plain = TEXT_INIT(1000);

	cr_assert(seal(key, "", 0, &sealed));
	cr_assert(unseal(key, sealed.data, sealed.length, &plain));
	cr_expect_eq(plain.length, 0);
}

Test(seal, shows_every_changed_bit_and_every_cut)
{
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1000);

	cr_assert(seal(key, "whsec_secret", 12, &sealed));
	for (size_t bit = 0; bit < sealed.length * 8; bit++) {
		CLEANUP(text_finish) struct text plain = TEXT_INIT(1000);
		sealed.data[bit / 8] ^= (char)(1 << bit % 8);
		cr_expect_not(unseal(key, sealed.data, sealed.length, &plain), "bit %zu", bit);
		cr_expect_eq(plain.length, 0);
		sealed.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t length = 0; length < sealed.length; length++) {
		CLEANUP(text_finish) struct text plain = TEXT_INIT(1000);
		cr_expect_not(unseal(key, sealed.data, length, &plain), "cut to %zu", length);
	}
}

Test(seal, does_not_open_with_another_key)
{
	CLEANUP(text_finish) struct text sealed = TEXT_INIT(1000);
	CLEANUP(text_finish) struct text plain = TEXT_INIT(1000);
	unsigned char other[32];

	memcpy(other, key, sizeof(other));
	other[31] ^= 1;
	cr_assert(seal(key, "whsec_secret", 12, &sealed));
	cr_expect_not(unseal(other, sealed.data, sealed.length, &plain));
	cr_expect_eq(plain.length, 0);
}
