/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "theme_sample.h"

#include <string.h>

#define ZONE "Europe/Paris"
#define MARCH_3 1772557500 /* Tuesday 3 March 2026, 18:05 in Paris */

struct sample {
	struct arena *arena;
	enum lang lang;
	const char *state;
};

struct sample_post {
	const char *id, *author, *organisation, *capacity, *body;
	bool official, by_mail;
};

static const struct sample_post posts[] = {
	{ "1", "Marie Dupont", "", "habitante",
	    "<p>Bonjour à tous,</p>\n<p>Depuis la réfection de la rue des Tilleuls, les voitures passent "
	    "beaucoup plus vite devant l’école. Hier soir encore, deux enfants ont dû "
	    "reculer sur le passage piéton. Serait-il possible de poser un "
	    "<strong>plateau ralentisseur</strong> à la hauteur du numéro 14 ?</p>\n"
	    "<ul>\n<li>la sortie de l’école est à 16 h 30 ;</li>\n<li>le bus y tourne "
	    "toutes les vingt minutes ;</li>\n<li>il n’y a pas de trottoir côté impair.</li>\n</ul>\n",
	    false, true },
	{ "2", "Jean-Baptiste Le Goff", "Association des parents d’élèves", "association",
	    "<p>Merci Marie. Nous avions écrit à ce sujet en novembre, sans réponse.</p>\n"
	    "<blockquote>\n<p>Serait-il possible de poser un plateau ralentisseur ?</p>\n</blockquote>\n"
	    "<p>Un comptage a été fait par des parents pendant trois soirs : "
	    "<a href=\"https://example.org/comptage.pdf\" rel=\"nofollow ugc noopener\">les chiffres sont "
	    "ici</a>. La moitié des voitures dépasse les 40 km/h.</p>\n", false, false },
	{ "3", "Sylvie Marchand", "Mairie, service de la voirie", "mairie",
	    "<p>Bonjour,</p>\n<p>Votre demande est inscrite à l’ordre du jour de la commission du "
	    "19 mars. Une mesure de vitesse aura lieu la semaine prochaine ; le résultat sera publié "
	    "dans cette discussion.</p>\n<details class=\"quote\"><summary>Le mardi 3 mars 2026, "
	    "Jean-Baptiste Le Goff a écrit :</summary>\n<blockquote>\n<p>Un comptage a été fait par "
	    "des parents pendant trois soirs.</p>\n</blockquote>\n</details>\n", true, true },
};

static void
fill_date(const struct sample *s, struct view *view, const char *name, int64_t after)
{
	i18n_date_view(view, name, s->arena, s->lang, MARCH_3 + after, ZONE);
}

static struct html
html_of(const char *text)
{
	return (struct html){ span_of(text) };
}

static void
fill_forum(const struct sample *s, struct view *view, const char *slug, const char *name,
    const char *description)
{
	const char *address = arena_printf(s->arena, "%s@forum.ville.example", slug);

	view_text(view, "name", name);
	view_text(view, "description", description);
	view_text(view, "theme", "Cadre de vie");
	view_url(view, "url", arena_printf(s->arena, "/f/%s", slug));
	view_url(view, "new_url", arena_printf(s->arena, "/f/%s/new", slug));
	view_url(view, "feed_url", arena_printf(s->arena, "/f/%s/feed", slug));
	view_url(view, "queue_url", "/moderate");
	view_text(view, "address", address);
	view_url(view, "address_url", arena_printf(s->arena, "mailto:%s", address));
	view_flag(view_sub(view, "who_writes"), "registered", true);
	view_flag(view_sub(view, "appears"), "first_read", true);
	view_text(view, "threads", trn_count(s->arena, s->lang, "%d discussion", "%d discussions", 12));
	view_text(view, "posts", trn_count(s->arena, s->lang, "%d message", "%d messages", 1280));
	fill_date(s, view, "last", 0);
}

static void
fill_this_forum(const struct sample *s, struct view *view)
{
	fill_forum(s, view_sub(view, "forum"), "voirie", "Voirie et circulation",
	    "Rues, trottoirs, pistes cyclables, stationnement : ce qui se voit et ce qui se prépare.");
}

static void
fill_thread(const struct sample *s, struct view *view, const char *title, const char *author,
    int64_t count, int64_t after)
{
	view_text(view, "title", title);
	view_url(view, "url", "/t/41-ralentisseur");
	view_text(view, "author", author);
	view_text(view, "last_author", "Sylvie Marchand");
	view_text(view, "posts", trn_count(s->arena, s->lang, "%d message", "%d messages", count));
	view_text(view, "excerpt", "Depuis la réfection de la rue des Tilleuls, les voitures passent "
	    "beaucoup plus vite devant l’école. Hier soir encore, deux enfants ont dû reculer.");
	fill_date(s, view, "created", after - 86400);
	fill_date(s, view, "last", after);
}

static void
fill_threads(const struct sample *s, struct view_list *list, bool forums)
{
	static const char *const titles[] = { "Ralentisseur rue des Tilleuls",
		"Fermeture de la rue du Moulin du 9 au 13 mars",
		("Bancs devant la médiathèque : qui a une idée pour l’ombre l’été, quand les "
		 "platanes sont encore petits ?"),
		"Merci aux bénévoles de samedi" };
	static const char *const authors[] = { "Marie Dupont", "Sylvie Marchand", "Ahmed Benali",
		"Chantal Rivière" };

	for (int i = 0; i < 4; i++) {
		struct view *view = view_list_add(list);

		fill_thread(s, view, titles[i], authors[i], 12 - 3 * i, -40000 * i);
		view_flag(view, "pinned", i == 1 && !forums);
		view_flag(view, "closed", i == 3);
		if (forums)
			fill_this_forum(s, view);
	}
}

static void
fill_post(const struct sample *s, struct view *view, size_t index)
{
	const struct sample_post *post = &posts[index];
	struct view *sub;

	view_text(view, "id", post->id);
	view_url(view, "url", arena_printf(s->arena, "/p/%s", post->id));
	view_url(view, "reply_url", arena_printf(s->arena, "/p/%s/reply", post->id));
	view_text(view, "author", post->author);
	view_text(view, "organisation", post->organisation);
	view_text(view, "capacity", post->capacity);
	view_flag(view, "official", post->official);
	view_flag(view, "by_mail", post->by_mail);
	view_text(view, "subject", "");
	view_html(view, "body", html_of(post->body));
	view_text(view, "text", "Bonjour à tous,\n\nDepuis la réfection de la rue des Tilleuls, les "
	    "voitures passent beaucoup plus vite <devant> l’école.\n");
	fill_date(s, view, "date", (int64_t)index * 7200);
	if (index == 2) {
		sub = view_sub(view, "parent");
		view_text(sub, "author", posts[0].author);
		view_url(sub, "url", "#p1");
	}
	if (index == 1) {
		view_text(view, "attached", trn_count(s->arena, s->lang, "%d attachment", "%d attachments", 1));
		sub = view_list_add(view_list(view, "attachments"));
		view_text(sub, "name", "comptage-rue-des-tilleuls.pdf");
		view_text(sub, "type", "application/pdf");
		view_text(sub, "size", i18n_size(s->arena, s->lang, 1234567));
		view_url(sub, "url", "/a/abcdefghijklmnopqrstuvwxyz/comptage-rue-des-tilleuls.pdf");
	}
}

static void
fill_form(const struct sample *s, struct view *view)
{
	struct view_list *speakers;
	struct view *sub;

	view_url(view, "action", "/p/1/reply");
	view_text(view, "key", "nonce");
	view_text(view, "parent", "1");
	view_text(view, "size_max", i18n_size(s->arena, s->lang, 10 * 1000 * 1000));
	view_flag(view, "can_attach", true);
	view_flag(view, "can_speak", true);
	speakers = view_list(view, "speakers");
	sub = view_list_add(speakers);
	view_text(sub, "id", "");
	view_text(sub, "name", "Jean-Baptiste Le Goff");
	sub = view_list_add(speakers);
	view_text(sub, "id", "4");
	view_text(sub, "name", "Association des parents d’élèves");
	view_flag(sub, "selected", true);
	view_flag(view, "waits", strcmp(s->state, "preview") == 0);
	if (strcmp(s->state, "preview") == 0) {
		sub = view_sub(view, "preview");
		view_text(sub, "subject", "Éclairage du chemin des Vignes");
		view_html(sub, "body", html_of("<p>Bonjour,</p>\n<p>trois lampadaires sont <em>éteints</em>.</p>\n"));
		view_text(view, "subject", "Éclairage du chemin des Vignes");
		view_text(view, "text", "Bonjour,\n\ntrois lampadaires sont *éteints*.\n");
	}
	if (strcmp(s->state, "error") == 0)
		view_text(view, "error", "Le message est vide.");
}

static void
fill_home(const struct sample *s, struct view *view)
{
	struct view_list *themes = view_list(view, "themes"), *forums;
	struct view *theme = view_list_add(themes);

	view_text(view, "title", "Les forums de la commune");
	view_text(theme, "name", "Cadre de vie");
	forums = view_list(theme, "forums");
	fill_forum(s, view_list_add(forums), "voirie", "Voirie et circulation",
	    "Rues, trottoirs, pistes cyclables, stationnement.");
	fill_forum(s, view_list_add(forums), "ecologie", "Écologie et jardins", "Arbres, eau, déchets, "
	    "potagers partagés.");
	theme = view_list_add(themes);
	view_text(theme, "name", "Vie associative");
	forums = view_list(theme, "forums");
	fill_forum(s, view_list_add(forums), "culture", "Culture et fêtes", "Spectacles, expositions, "
	    "bibliothèque, fête du village.");
	fill_forum(s, view_list_add(forums), "entraide", "Entraide", "Prêter, donner, garder, "
	    "accompagner.");
	fill_threads(s, view_list(view, "latest"), true);
}

static void
fill_moderate(const struct sample *s, struct view *view)
{
	struct view_list *list = view_list(view, "held");

	view_text(view, "title", "À lire");
	view_text(view, "count", trn_count(s->arena, s->lang, "%d message waiting",
	    "%d messages waiting", 2));
	for (size_t i = 0; i < 2; i++) {
		struct view *held = view_list_add(list), *sub;

		view_text(held, "id", posts[i].id);
		sub = view_sub(held, "post");
		fill_post(s, sub, i);
		view_text(sub, "subject", "Ralentisseur rue des Tilleuls");
		fill_this_forum(s, held);
		view_text(held, "reason", tr(s->lang, "Nothing proves that the mail was sent by the "
		    "person it names."));
		view_text(held, "standing", tr(s->lang, "first message here"));
		view_text(held, "address", "marie.dupont@ville.example");
		view_url(held, "action", "/moderate/1");
		view_flag(held, "can_trust", true);
		if (i == 1) {
			fill_thread(s, view_sub(held, "thread"), "Ralentisseur rue des Tilleuls", "Marie", 2, 0);
			view_text(held, "linked", "1 lien");
			sub = view_list_add(view_list(held, "links"));
			view_text(sub, "text", "les chiffres sont ici");
			view_url(sub, "url", "https://example.org/comptage.pdf");
		}
	}
}

static void
fill_site(struct view *view, const char *url)
{
	struct view *site = view_sub(view, "site");

	view_text(site, "name", "Saint-Aubin-sur-Loire");
	view_text(site, "about", "Associations, habitants et mairie en parlent ici, en public.");
	view_url(site, "url", url);
}

static void
fill_common(const struct sample *s, struct view *view, int who)
{
	struct view_list *languages = view_list(view, "languages");
	struct view *sub;

	fill_site(view, "/");
	view_text(view, "lang", lang_code(s->lang));
	view_text(view, "title", "Ralentisseur rue des Tilleuls");
	view_url(view, "login_url", "/login");
	view_text(view, "csrf", "csrf");
	for (int lang = 0; lang < LANG_COUNT; lang++) {
		sub = view_list_add(languages);
		view_text(sub, "code", lang_code((enum lang)lang));
		view_text(sub, "name", lang == LANG_FR ? "français" : "English");
		view_url(sub, "url", arena_printf(s->arena, "?lang=%s", lang_code((enum lang)lang)));
		view_flag(sub, "current", (enum lang)lang == s->lang);
	}
	if (who == 0)
		return;
	sub = view_sub(view, "viewer");
	view_text(sub, "name", "Jean-Baptiste Le Goff");
	view_url(sub, "logout_url", "/logout");
	view_flag(sub, "moderator", who == 2);
	view_url(sub, "queue_url", "/moderate");
	view_text(sub, "waiting", "2");
}

static void
fill_small_pages(const struct sample *s, struct view *view)
{
	struct view *link = view_list_add(view_list(view, "links"));

	view_url(view, "action", "/here");
	view_url(view, "code_action", "/login/code");
	view_text(view, "minutes", "10");
	view_text(view, "text", "Votre message est publié.");
	view_text(view, "more", "Il part maintenant vers les abonnés du forum.");
	view_text(view, "button", "Me connecter");
	view_text(view, "status", "404");
	view_flag(view, "password", true);
	view_flag(view, s->state[0] != '\0' ? s->state : "missing", true);
	view_text(link, "text", "Voir la discussion");
	view_url(link, "url", "/t/41-ralentisseur");
}

struct view *
theme_sample_page(struct arena *arena, enum lang lang, const char *page, int who, const char *state)
{
	struct sample s = { arena, lang, state };
	struct view *view = view_new(arena), *sub;
	struct view_list *list;

	fill_common(&s, view, who);
	if (strcmp(page, "home") == 0) {
		fill_home(&s, view);
		return view;
	}
	if (strcmp(page, "moderate") == 0) {
		fill_moderate(&s, view);
		return view;
	}
	fill_this_forum(&s, view);
	fill_small_pages(&s, view);
	if (strcmp(page, "forum") == 0) {
		fill_threads(&s, view_list(view, "threads"), false);
		if (who > 0)
			view_url(view_sub(view, "subscription"), "action", "/f/voirie/subscription");
		sub = view_sub(view, "pager");
		view_url(sub, "next_url", "/f/voirie?page=2");
	}
	if (strcmp(page, "thread") == 0) {
		fill_thread(&s, view_sub(view, "thread"), "Ralentisseur rue des Tilleuls", "Marie Dupont", 3, 0);
		list = view_list(view, "posts");
		for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++)
			fill_post(&s, view_list_add(list), i);
		sub = view_list_add(list);
		fill_post(&s, sub, 0);
		view_text(sub, "id", "4");
		view_html(sub, "body", html_of(""));
		view_flag(sub, "hidden", true);
		view_text(sub, "why", "propos visant une personne");
	}
	if (strcmp(page, "post-form") == 0 && strcmp(state, "reply") == 0) {
		fill_thread(&s, view_sub(view, "thread"), "Ralentisseur rue des Tilleuls", "Marie Dupont", 3, 0);
		fill_post(&s, view_sub(view, "parent"), 0);
	}
	if (strcmp(page, "post-form") == 0 || (strcmp(page, "thread") == 0 && who > 0))
		fill_form(&s, view_sub(view, "form"));
	return view;
}

struct view *
theme_sample_mail(struct arena *arena, enum lang lang, const char *mail)
{
	struct sample s = { arena, lang, "" };
	struct view *view = view_new(arena), *post;

	fill_common(&s, view, 0);
	fill_site(view, "https://forum.ville.example/");
	fill_this_forum(&s, view);
	fill_small_pages(&s, view);
	view_text(view, "subject", "Re: Ralentisseur\r\nBcc: x@y.example");
	post = view_sub(view, "post");
	fill_post(&s, post, 0);
	view_text(post, "subject", "Ralentisseur rue des Tilleuls");
	view_url(post, "url", "https://forum.ville.example/p/1");
	view_url(view, "unsubscribe_url", "https://forum.ville.example/u/abcdefghijklmnopqrstuvwxyz");
	view_url(view, "link", "https://forum.ville.example/ok/abcdefghijklmnopqrstuvwxyz");
	view_url(view, "queue_url", "https://forum.ville.example/moderate");
	view_url(view, "undo_url", "https://forum.ville.example/f/voirie");
	view_text(view, "code", "1234 5678");
	view_text(view, "reason", "Le premier message est lu.");
	view_text(view, "why", "Hors sujet ici.");
	view_text(view, "author", "Ahmed Benali");
	view_text(view, "by", "Chantal Rivière");
	view_flag(view, "refused", strcmp(mail, "decided") == 0);
	return view;
}
