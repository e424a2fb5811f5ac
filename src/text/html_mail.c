/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/html_mail.h"

void
html_mail_open(struct buf *out, const struct html_mail *mail)
{
	buf_add_text(out, "<!DOCTYPE html>\n<html lang=\"");
	escape_attr(out, span_of(mail->language));
	buf_add_text(out, "\">\n<head><meta charset=\"utf-8\"><title>");
	escape_text(out, mail->title);
	buf_add_text(out, "</title></head>\n<body>\n");
	buf_add_span(out, mail->body.octets);
}

void
html_mail_file(
    struct buf *out, struct span word, struct span name, struct span size, struct span url)
{
	buf_add_text(out, "<p>");
	escape_text(out, word);
	buf_add_text(out, " ");
	escape_link(out, url, name);
	buf_add_text(out, " (");
	escape_text(out, size);
	buf_add_text(out, ")</p>\n");
}

void
html_mail_close(struct buf *out, const struct html_mail *mail)
{
	if (mail->footer.octets.len > 0) {
		buf_add_text(out, "\n<hr>\n");
		buf_add_span(out, mail->footer.octets);
	}
	buf_add_text(out, "\n</body>\n</html>\n");
}
