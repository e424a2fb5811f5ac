# SPDX-License-Identifier: AGPL-3.0-or-later
nobase_dist_pkgdata_DATA = \
	themes/default/icons/preau.svg \
	themes/default/mail/approved.txt \
	themes/default/mail/confirm.txt \
	themes/default/mail/decided.txt \
	themes/default/mail/held-author.txt \
	themes/default/mail/held-moderator.txt \
	themes/default/mail/hidden.txt \
	themes/default/mail/join.txt \
	themes/default/mail/login.txt \
	themes/default/mail/owners.txt \
	themes/default/mail/password.txt \
	themes/default/mail/alarm.txt \
	themes/default/mail/post.html \
	themes/default/mail/post.txt \
	themes/default/mail/private.txt \
	themes/default/mail/refused.txt \
	themes/default/mail/register.txt \
	themes/default/mail/reset.txt \
	themes/default/mail/unsubscribed.txt \
	themes/default/mail/was-it-you.txt \
	themes/default/page/account.html \
	themes/default/page/confirm.html \
	themes/default/page/error.html \
	themes/default/page/forgot.html \
	themes/default/page/forum-form.html \
	themes/default/page/forum.html \
	themes/default/page/home.html \
	themes/default/page/journal.html \
	themes/default/page/layout.html \
	themes/default/page/login.html \
	themes/default/page/members.html \
	themes/default/page/message.html \
	themes/default/page/moderate.html \
	themes/default/page/password.html \
	themes/default/page/post-form.html \
	themes/default/page/register.html \
	themes/default/page/roll.html \
	themes/default/page/rolls.html \
	themes/default/page/search.html \
	themes/default/page/sheet.html \
	themes/default/page/thread.html \
	themes/default/page/unsubscribe.html \
	themes/default/part/attachments.html \
	themes/default/part/author.html \
	themes/default/part/error.html \
	themes/default/part/forum-row.html \
	themes/default/part/how-to-write.html \
	themes/default/part/mail-footer.txt \
	themes/default/part/pager.html \
	themes/default/part/post.html \
	themes/default/part/thread-row.html \
	themes/default/part/write-form.html \
	themes/default/script.js \
	themes/default/style.css

# Catalogues are built into locale/ and installed beside the themes.
cataloguedir = $(pkgdatadir)/locale
catalogue_DATA = locale/fr.mo locale/en.mo

locale/fr.mo: $(srcdir)/po/fr.po
	$(AM_V_GEN)$(MKDIR_P) locale && $(MSGFMT) -o $@ $(srcdir)/po/fr.po

locale/en.mo: $(srcdir)/po/en.po
	$(AM_V_GEN)$(MKDIR_P) locale && $(MSGFMT) -o $@ $(srcdir)/po/en.po

# share/ looks like the installed $(pkgdatadir): what the setting `share` names while one
# works in the tree.
all-local: locale/fr.mo locale/en.mo
	@$(MKDIR_P) share
	@rm -f share/themes share/locale
	@ln -s $(abs_top_srcdir)/themes share/themes
	@ln -s $(abs_top_builddir)/locale share/locale

CLEANFILES += locale/fr.mo locale/en.mo share/themes share/locale
EXTRA_DIST += po/fr.po po/en.po scripts/check-catalogues scripts/theme-names doc/themes.md
