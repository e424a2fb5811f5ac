/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

/* What iconv is asked for. NULL: UTF-8 or, failing that, windows-1252, which is
 * also what ASCII, "unknown-8bit" and no charset at all come to. ISO-8859-1 is
 * read as windows-1252, as every browser does: its C1 controls mean nothing. */
/* clang-format off */
static const struct charset {
	const char *name; /* lower case, without quotes */
	const char *open; /* iconv's name */
} charsets[] = {
	{ "utf-8", NULL },
	{ "us-ascii", NULL },
	{ "iso-8859-1", "WINDOWS-1252" },
	{ "windows-1252", "WINDOWS-1252" },
	{ "iso-8859-15", "ISO-8859-15" },
	{ "utf8", NULL },
	{ "utf_8", NULL },
	{ "unicode-1-1-utf-8", NULL },
	{ "cp65001", NULL },
	{ "ascii", NULL },
	{ "ansi_x3.4-1968", NULL },
	{ "iso646-us", NULL },
	{ "unknown-8bit", NULL },
	{ "x-unknown", NULL },
	{ "unknown", NULL },
	{ "8bit", NULL },
	{ "7bit", NULL },
	{ "binary", NULL },
	{ "default", NULL },
	{ "none", NULL },
	{ "iso8859-1", "WINDOWS-1252" },
	{ "iso_8859-1", "WINDOWS-1252" },
	{ "iso-8859-1-windows-3.1-latin-1", "WINDOWS-1252" },
	{ "latin1", "WINDOWS-1252" },
	{ "latin-1", "WINDOWS-1252" },
	{ "l1", "WINDOWS-1252" },
	{ "cp1252", "WINDOWS-1252" },
	{ "cp-1252", "WINDOWS-1252" },
	{ "x-cp1252", "WINDOWS-1252" },
	{ "x-ansi", "WINDOWS-1252" },
	{ "ansi", "WINDOWS-1252" },
	{ "iso-8859-2", "ISO-8859-2" },
	{ "latin2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" },
	{ "iso-8859-6-i", "ISO-8859-6" },
	{ "iso-8859-6-e", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" },
	{ "iso-8859-8-e", "ISO-8859-8" },
	{ "iso-8859-9", "WINDOWS-1254" },
	{ "latin5", "WINDOWS-1254" },
	{ "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-11", "WINDOWS-874" },
	{ "iso-8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "iso8859-2", "ISO-8859-2" },
	{ "iso8859-15", "ISO-8859-15" },
	{ "iso_8859-15", "ISO-8859-15" },
	{ "latin9", "ISO-8859-15" },
	{ "latin-9", "ISO-8859-15" },
	{ "windows-1250", "WINDOWS-1250" },
	{ "cp1250", "WINDOWS-1250" },
	{ "windows-1251", "WINDOWS-1251" },
	{ "cp1251", "WINDOWS-1251" },
	{ "cp-1251", "WINDOWS-1251" },
	{ "windows-1253", "WINDOWS-1253" },
	{ "windows-1254", "WINDOWS-1254" },
	{ "windows-1255", "WINDOWS-1255" },
	{ "windows-1256", "WINDOWS-1256" },
	{ "windows-1257", "WINDOWS-1257" },
	{ "windows-1258", "WINDOWS-1258" },
	{ "cp1253", "WINDOWS-1253" },
	{ "cp1254", "WINDOWS-1254" },
	{ "cp1255", "WINDOWS-1255" },
	{ "cp1256", "WINDOWS-1256" },
	{ "cp1257", "WINDOWS-1257" },
	{ "windows-874", "WINDOWS-874" },
	{ "tis-620", "WINDOWS-874" },
	{ "cp437", "CP437" },
	{ "ibm437", "CP437" },
	{ "cp-850", "CP850" },
	{ "cp850", "CP850" },
	{ "ibm850", "CP850" },
	{ "cp852", "CP852" },
	{ "ibm852", "CP852" },
	{ "cp866", "CP866" },
	{ "ibm866", "CP866" },
	{ "koi8-r", "KOI8-R" },
	{ "koi8r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" },
	{ "macintosh", "MACINTOSH" },
	{ "mac", "MACINTOSH" },
	{ "macroman", "MACINTOSH" },
	{ "x-mac-roman", "MACINTOSH" },
	{ "x-mac-ce", "MAC-CENTRALEUROPE" },
	{ "x-mac-centraleurroman", "MAC-CENTRALEUROPE" },
	{ "x-mac-cyrillic", "MAC-CYRILLIC" },
	{ "big5", "BIG5-HKSCS" },
	{ "big5-hkscs", "BIG5-HKSCS" },
	{ "cn-big5", "BIG5-HKSCS" },
	{ "x-x-big5", "BIG5-HKSCS" },
	{ "gb2312", "GB18030" },
	{ "gb_2312-80", "GB18030" },
	{ "gbk", "GB18030" },
	{ "cp936", "GB18030" },
	{ "x-gbk", "GB18030" },
	{ "gb18030", "GB18030" },
	{ "euc-cn", "GB18030" },
	{ "euc-jp", "EUC-JP" },
	{ "x-euc-jp", "EUC-JP" },
	{ "iso-2022-jp", "ISO-2022-JP-2" },
	{ "iso-2022-jp-2", "ISO-2022-JP-2" },
	{ "iso-2022-jp-3", "ISO-2022-JP-3" },
	{ "shift_jis", "CP932" },
	{ "shift-jis", "CP932" },
	{ "sjis", "CP932" },
	{ "x-sjis", "CP932" },
	{ "ms_kanji", "CP932" },
	{ "windows-31j", "CP932" },
	{ "cp932", "CP932" },
	{ "euc-kr", "CP949" },
	{ "ks_c_5601-1987", "CP949" },
	{ "ks_c_5601", "CP949" },
	{ "ksc5601", "CP949" },
	{ "cp949", "CP949" },
	{ "windows-949", "CP949" },
	{ "uhc", "CP949" },
	{ "iso-2022-kr", "ISO-2022-KR" },
	{ "euc-tw", "EUC-TW" },
	{ "johab", "JOHAB" },
	{ "utf-7", "UTF-7" },
	{ "unicode-1-1-utf-7", "UTF-7" },
	{ "utf-16", "UTF-16" },
	{ "utf-16le", "UTF-16LE" },
	{ "utf-16be", "UTF-16BE" },
	{ "utf-32", "UTF-32" },
	{ "viscii", "VISCII" },
	{ "tcvn", "TCVN5712-1" },
	{ "armscii-8", "ARMSCII-8" },
	{ "georgian-ps", "GEORGIAN-PS" },
};
/* clang-format on */

enum { CHARSETS = sizeof(charsets) / sizeof(charsets[0]) };

/* One open descriptor a row that has none before it; NULL: not tried yet. */
static iconv_t opened[CHARSETS];

static iconv_t
no_iconv(void)
{
	return (iconv_t)-1;
}

/* Rows that share iconv's name share the descriptor of the first. */
static iconv_t
charset_open(size_t row)
{
	const char *open = charsets[row].open;

	for (size_t i = 0; i < row; i++) {
		if (charsets[i].open != NULL && strcmp(charsets[i].open, open) == 0) {
			row = i;
			break;
		}
	}
	if (opened[row] == NULL)
		opened[row] = iconv_open("UTF-8", open);
	return opened[row];
}

void
charset_prepare(void)
{
	for (size_t i = 0; i < CHARSETS; i++)
		if (charsets[i].open != NULL)
			charset_open(i);
}

static struct span
clean_name(struct span name)
{
	name = span_trim(name);
	while (name.len > 0 && strchr("\"' ", name.data[0]) != NULL)
		name = span_from(name, 1);
	while (name.len > 0 && strchr("\"' ;", name.data[name.len - 1]) != NULL)
		name = span_first(name, name.len - 1);
	return name;
}

/* Row of the name, or CHARSETS. */
static size_t
charset_row(struct span name)
{
	name = clean_name(name);
	for (size_t i = 0; i < CHARSETS; i++)
		if (span_is_nocase(name, charsets[i].name))
			return i;
	return CHARSETS;
}

bool
charset_is_known(struct span name)
{
	return charset_row(name) < CHARSETS;
}

/* UTF-8 may hold NUL: it goes. */
static void
add_without_nul(struct buf *out, const char *data, size_t len)
{
	while (len > 0) {
		const char *nul = memchr(data, '\0', len);
		size_t n = nul != NULL ? (size_t)(nul - data) : len;
		buf_add(out, data, n);
		n = nul != NULL ? n + 1 : n;
		data += n;
		len -= n;
	}
}

static void
add_utf8(struct buf *out, struct span octets)
{
	uint32_t code;

	if (utf8_is_valid(octets)) {
		add_without_nul(out, octets.data, octets.len);
		return;
	}
	while (!out->full && utf8_next(&octets, &code))
		if (code != 0)
			utf8_add(out, code);
}

static void
convert(struct buf *out, iconv_t cd, struct span octets)
{
	char chunk[4096], copy[1024];
	struct span rest = octets;

	iconv(cd, NULL, NULL, NULL, NULL);
	while (rest.len > 0 && !out->full) {
		/* iconv wants char *: a small copy, not a cast. */
		size_t want = rest.len < sizeof(copy) ? rest.len : sizeof(copy);
		memcpy(copy, rest.data, want);
		char *from = copy, *to = chunk;
		size_t from_left = want, to_left = sizeof(chunk);
		size_t rc = iconv(cd, &from, &from_left, &to, &to_left);
		int why = errno;
		add_without_nul(out, chunk, sizeof(chunk) - to_left);
		rest = span_from(rest, want - from_left);
		if (rc != (size_t)-1 || why == E2BIG)
			continue;
		if (why == EINVAL && rest.len > from_left && from_left < want)
			continue; /* a character lies across the copies */
		utf8_add(out, 0xFFFD);
		rest = span_from(rest, 1);
	}
	/* What a stateful charset still holds (UTF-7). */
	char *to = chunk;
	size_t to_left = sizeof(chunk);
	iconv(cd, NULL, NULL, &to, &to_left);
	add_without_nul(out, chunk, sizeof(chunk) - to_left);
}

void
charset_append(struct buf *out, struct span name, struct span octets)
{
	size_t row = charset_row(name);
	bool is_named = row < CHARSETS && charsets[row].open != NULL;
	bool is_utf8 = row < CHARSETS && strncmp(charsets[row].name, "utf", 3) == 0;

	if (octets.len == 0)
		return;
	if (!is_named && (is_utf8 || utf8_is_valid(octets))) {
		add_utf8(out, octets);
		return;
	}
	iconv_t cd = is_named ? charset_open(row) : charset_open(charset_row(SPAN("windows-1252")));
	if (cd == no_iconv())
		add_utf8(out, octets);
	else
		convert(out, cd, octets);
}

struct span
charset_decode(struct arena *arena, struct span name, struct span octets, size_t max)
{
	struct buf out;

	buf_init(&out, max);
	charset_append(&out, name, octets);
	struct span text = buf_span(&out);
	/* A full buffer may end inside a character: its last one goes. */
	if (out.full) {
		while (text.len > 0 && ((uint8_t)text.data[text.len - 1] & 0xC0) == 0x80)
			text.len--;
		if (text.len > 0 && (uint8_t)text.data[text.len - 1] >= 0xC0)
			text.len--;
	}
	text = arena_span(arena, text);
	buf_free(&out);
	return text;
}
