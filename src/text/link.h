/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* text/link.h: bare addresses in running text, as people type them.
 *
 * "Voir https://ville.example/plan (page 3)." and "www.ville.example" and
 * "mairie@ville.example": punctuation that ends the sentence is not part of them. */
#pragma once

#include <stdbool.h>

#include "base/str.h"

enum link_kind {
	LINK_WEB, /* http:// or https://: the text is the address */
	LINK_WWW, /* www. : https:// belongs before it */
	LINK_MAIL /* name@domain: mailto: belongs before it */
};

/* Cuts off *rest what stands before the next address, and the address. False where
 * there is none: *rest is left as it was, to be taken as text. Linear over a loop. */
bool
link_next(struct span *rest, struct span *before, struct span *link, enum link_kind *kind);
