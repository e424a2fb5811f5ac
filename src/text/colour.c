/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/colour.h"

#include <math.h>

/* The papers of themes/default/style.css, by day and by night, and the ink on an accent. */
static const struct colour day = { 0xfd, 0xfc, 0xf9 }, panel = { 0xf4, 0xf1, 0xe9 };
static const struct colour night = { 0x16, 0x18, 0x1c }, night_panel = { 0x1f, 0x22, 0x27 };
static const struct colour white = { 0xff, 0xff, 0xff };

static const double wanted = 4.5; /* WCAG AA */

bool
colour_read(struct span text, struct colour *out)
{
	uint32_t value = 0;

	if (text.len != 6)
		return false;
	for (size_t i = 0; i < 6; i++) {
		char c = ascii_lower(text.data[i]);
		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
		value = value * 16 + (uint32_t)(ascii_is_digit(c) ? c - '0' : c - 'a' + 10);
	}
	*out = (struct colour){ (uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
	return true;
}

/* WCAG 2.2, definition of relative luminance. */
static double
linear(uint8_t channel)
{
	double c = channel / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double
luminance(struct colour c)
{
	return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

double
colour_contrast(struct colour a, struct colour b)
{
	double x = luminance(a), y = luminance(b);

	return x > y ? (x + 0.05) / (y + 0.05) : (y + 0.05) / (x + 0.05);
}

bool
colour_is_legible(struct colour accent)
{
	return colour_contrast(accent, day) >= wanted && colour_contrast(accent, panel) >= wanted &&
	       colour_contrast(accent, white) >= wanted;
}

static uint8_t
towards_white(uint8_t channel, int percent)
{
	return (uint8_t)(channel + (255 - channel) * percent / 100);
}

static struct colour
lightened(struct colour c, int percent)
{
	return (struct colour){ towards_white(c.red, percent), towards_white(c.green, percent),
		towards_white(c.blue, percent) };
}

static struct colour
by_night(struct colour accent)
{
	int percent = 0;

	while (
	    percent < 100 && (colour_contrast(lightened(accent, percent), night) < wanted ||
				 colour_contrast(lightened(accent, percent), night_panel) < wanted))
		percent += 5;
	return lightened(accent, percent);
}

static void
write_root(struct buf *out, struct colour c, const char *ink)
{
	buf_printf(out, ":root {\n\t--accent: #%02x%02x%02x;\n\t--accent-ink: %s;\n}\n", c.red,
	    c.green, c.blue, ink);
}

void
colour_write_css(struct colour accent, struct buf *out)
{
	write_root(out, accent, "#ffffff");
	buf_add_text(out, "@media (prefers-color-scheme: dark) {\n");
	write_root(out, by_night(accent), "#10161d");
	buf_add_text(out, "}\n@media print {\n:root {\n\t--accent: #000000;\n}\n}\n");
}
