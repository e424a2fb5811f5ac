/* SPDX-License-Identifier: AGPL-3.0-or-later */
#include "text/quote_words.h"

#include <string.h>

enum { HEADER_COLON_MAX = 40 }; /* the colon of a header stands within so many octets */

/* clang-format off */
/* "De :", "Envoyé :": the same word may have but one role. */
static const char *const from_words[] = {
	"de", "from", "von", "da", "expediteur", "van", "fra", "fran", "od", "de la",
	"lahettaja", "felado", "kimden", "gonderen", "saatja", "salje", "expeditorul",
	"remetente", "mittente", "absender", "от", "від", "від кого", "отправитель", "от кого",
	"送信元", "差出人", "发件人", "寄件者",
	NULL
};
static const char *const sent_words[] = {
	"envoye", "envoye le", "sent", "gesendet", "inviato", "verzonden", "skickat", "sendt",
	"enviado", "enviado el", "enviada em", "enviado em", "wyslano", "gonderildi",
	"отправлено", "надіслано", "lahetetty", "elkuldve", "poslano", "odoslane", "odeslano",
	"送信日時", "发送时间",
	NULL
};
static const char *const date_words[] = {
	"date", "datum", "data", "dato", "fecha", "tarih", "дата", "paivays", "paivamaara",
	"kuupaev", "日付", "日期",
	NULL
};
static const char *const to_words[] = {
	"a", "pour", "destinataire", "destinataires", "to", "an", "aan", "til", "till", "para",
	"do", "komu", "kome", "prima", "catre", "kime", "cimzett", "vastaanottaja", "saaja",
	"кому", "宛先", "收件人", "adresat",
	NULL
};
static const char *const cc_words[] = {
	"cc", "cci", "bcc", "copie", "copie a", "kopie", "kopie (cc)", "kopia", "kopi",
	"kopio", "masolat", "masolatot kap", "копия", "копія", "dw", "抄送",
	NULL
};
static const char *const subject_words[] = {
	"objet", "sujet", "subject", "betreff", "oggetto", "onderwerp", "emne", "amne",
	"asunto", "assunto", "temat", "predmet", "targy", "konu", "тема", "subiect",
	"subiectul", "aihe", "naslov", "teema", "件名", "主题",
	NULL
};
static const char *const other_words[] = {
	"repondre a", "reply-to", "rispondi a", "antwort an", "importance", "priorite",
	"pieces jointes", "attachments", "de la part de", "organization",
	NULL
};

static const struct {
	enum header_role role;
	const char *const *words;
} headers[] = {
	{ HEADER_FROM,    from_words },
	{ HEADER_SENT,    sent_words },
	{ HEADER_DATE,    date_words },
	{ HEADER_TO,      to_words },
	{ HEADER_CC,      cc_words },
	{ HEADER_SUBJECT, subject_words },
	{ HEADER_OTHER,   other_words },
};

/* Between dashes, over what is answered. */
static const char *const replies[] = {
	"message d'origine", "message original", "message initial", "message precedent",
	"mail original", "mail d'origine", "courriel original", "courriel d'origine",
	"original message", "original email", "reply message", "reply above",
	"ursprungliche nachricht", "original-nachricht", "originalnachricht",
	"messaggio originale", "messaggio di origine", "oorspronkelijk bericht",
	"origineel bericht", "mensaje original", "mensagem original", "oprindelig meddelelse",
	"oprindelig besked", "original besked", "originalmeddelande",
	"ursprungligt meddelande", "opprinnelig melding", "alkuperainen viesti",
	"oryginalna wiadomosc", "wiadomosc oryginalna", "puvodni zprava", "povodna sprava",
	"eredeti uzenet", "mesaj original", "mesajul original", "orijinal ileti",
	"izvorna poruka", "исходное сообщение", "оригинальное сообщение",
	"оригінальне повідомлення", "元のメッセージ", "原始邮件",
	NULL
};

/* Between dashes, over what is passed on. */
static const char *const forwards[] = {
	"message transfere", "message reexpedie", "message forwarde", "forwarded message",
	"fwd. message", "weitergeleitete nachricht", "messaggio inoltrato",
	"mensaje reenviado", "mensagem encaminhada", "mensagem reencaminhada",
	"doorgestuurd bericht", "videresendt meddelelse", "videresendt melding",
	"videresendt besked", "vidarebefordrat meddelande", "valitetty viesti",
	"edelleenlahetetty viesti", "przekazana wiadomosc", "tresc przekazanej wiadomosci",
	"preposlana zprava", "preposlana sprava", "tovabbitott uzenet", "mesaj redirectionat",
	"proslijedena poruka", "iletilen ileti", "пересылаемое сообщение",
	"пересланное сообщение", "переслане повідомлення", "メッセージを転送", "转发的邮件",
	NULL
};

/* Alone on a line, with a colon. */
static const char *const forward_leads[] = {
	"debut du message reexpedie", "debut du message transfere", "begin forwarded message",
	"forwarded message", "message transfere", "message reexpedie",
	"anfang der weitergeleiteten nachricht", "inizio messaggio inoltrato",
	"inicio del mensaje reenviado", "inicio da mensagem reencaminhada",
	"inicio da mensagem encaminhada", "begin doorgestuurd bericht",
	"start pa videresendt besked", "videresendt melding", "videresendt besked",
	"vidarebefordrat mejl", "vidarebefordrat brev", "zacatek preposilane zpravy",
	"zaciatok preposlanej spravy", "poczatek przekazywanej wiadomosci",
	"tovabbitott level kezdete", "incepe mesajul redirectionat", "ileti baslangici",
	"zapocni proslijedenu poruku", "valitetty viesti alkaa",
	"початок листа, що пересилається", "начало переадресованного сообщения",
	NULL
};

/* "X wrote". */
static const char *const verbs[] = {
	"a ecrit", "ecrit", "ecrivait", "a dit", "a repondu", "wrote", "writes", "schrieb",
	"schreibt", "geschrieben", "escribio", "ha scritto", "scrive", "schreef", "geschreven",
	"skrev", "napisal", "napisal(a)", "napisala", "napsal", "napsal(a)", "napsala",
	"napisao", "napisao/la", "kirjoitti", "escreveu", "irta", "a scris", "yazdi",
	"kirjutas", "написал", "написала", "написал(а)", "написав", "написала(в)",
	"пишет", "пише", "写道", "寫道",
	NULL
};

/* The first word of attributions. */
static const char *const openings[] = {
	"le ", "on ", "am ", "el ", "il ", "op ", "den ", "d. ", "em ", "w dniu ", "dnia ",
	"dne ", "dana ", "dna ", "pa ", "in data ", "at ", "la data ", "a las ", "в ", "у ",
	"il giorno ", "mer ", "---- on ",
	NULL
};

/* First words of what telephones and programs add. */
static const char *const devices[] = {
	"envoye de mon ", "envoye depuis ", "envoye a partir de ", "envoye a partir d'",
	"envoye avec ", "envoye via ", "envoye de l'application", "envoye d'",
	"telecharger outlook ", "obtenir outlook ", "obtenez outlook ",
	"provenance : courrier", "provenance: courrier", "courrier envoye ", "sent from my ",
	"sent from a ", "sent from mobile", "sent from outlook", "sent from mail",
	"sent from yahoo", "sent from windows", "sent from gmail", "sent from typeapp",
	"sent from samsung", "sent from proton", "sent from the ", "sent from [", "sent via ",
	"sent with ", "sent by ", "sent using ", "(sent from ", "<<sent by ",
	"get outlook for", "get [outlook", "from my iphone", "from my ipad", "gesendet von ",
	"gesendet mit ", "von meinem ", "diese nachricht wurde von meine", "enviado desde ",
	"enviado do ", "enviado de ", "enviado a partir ", "inviato da", "verzonden met ",
	"verzonden vanaf ", "verstuurd vanaf ", "verstuurd met ", "skickat fran ",
	"sendt fra ", "lahetetty ", "wyslane z ", "wyslano z ", "odeslano z ", "отправлено с ",
	"отправлено из ", "надіслано з ", "從我的 ", "发自我的", "iphoneから送信",
	NULL
};

/* First words of notices that nobody wrote for this mail. */
static const char *const legal[] = {
	"ce message et toutes les pieces jointes", "ce message et ses pieces jointes",
	"ce message et les pieces jointes", "ce courriel et ", "ce courrier electronique et ",
	"ce message est confidentiel", "ce message (et ", "ce message, ainsi que",
	"les informations contenues dans ce ", "avis de confidentialite", "avertissement :",
	"avertissement de confidentialite", "clause de confidentialite",
	"si vous avez recu ce message par erreur", "si vous n'etes pas le destinataire",
	"pensez a l'environnement", "pensons a l'environnement", "avant d'imprimer",
	"n'imprimez ce", "preservons l'environnement", "sans virus. ", "sans virus.www",
	"garanti sans virus", "l'absence de virus dans ce courrier",
	"ce courrier electronique ne contient aucun virus", "cet e-mail a ete verifie",
	"this e-mail and any ", "this email and any ", "this message and any ",
	"this email message and any ", "this message is intended", "this e-mail is intended",
	"this email is intended", "this communication is ",
	"the information contained in this ", "the information in this e",
	"confidentiality notice", "confidentiality:", "disclaimer:",
	"if you are not the intended recipient", "please consider the environment",
	"virus-free. ", "virus-free.www", "diese e-mail enthalt", "diese nachricht enthalt",
	"questo messaggio", "le informazioni contenute in questo",
	NULL
};

/* Anywhere in what lists add below. */
static const char *const footers[] = {
	"mailing list", "liste de diffusion", "listinfo", "mailman", "unsubscribe",
	"se desabonner", "vous desabonner", "se desinscrire", "vous desinscrire",
	"desinscription", "desabonnement", "groups.google", "google groups",
	"liste de discussion", "yahoogroups", "sympa",
	NULL
};

/* QUOTE_MARK_FR and QUOTE_MARK_EN, folded. */
static const char *const marks[] = {
	"repondez au-dessus de cette ligne", "reply above this line",
	NULL
};
/* clang-format on */

/* Every line of every mail is asked for some three hundred words: most lines differ
 * from most words in the first letter. */
static bool
starts_with(struct span said, const char *word)
{
	return said.len > 0 && said.data[0] == word[0] && span_starts(said, word);
}

static bool
starts_with_one(struct span said, const char *const *words)
{
	for (; *words != NULL; words++)
		if (starts_with(said, *words))
			return true;
	return false;
}

static bool
has_one(struct span said, const char *const *words)
{
	for (; *words != NULL; words++)
		if (span_find_text(said, *words) < said.len)
			return true;
	return false;
}

/* Without dashes, equal signs, underscores and blanks at the front; *dashes counts them. */
static struct span
without_rule(struct span said, size_t *dashes)
{
	size_t i = 0;

	*dashes = 0;
	while (i < said.len && strchr("-_=* ", said.data[i]))
		*dashes += said.data[i++] != ' ';
	return span_from(said, i);
}

static bool
is_header(struct span said, const char *word)
{
	struct span rest;

	if (!starts_with(said, word))
		return false;
	rest = span_from(said, strlen(word));
	while (rest.len > 0 && (rest.data[0] == ' ' || rest.data[0] == '*'))
		rest = span_from(rest, 1);
	return span_starts(rest, ":") || span_starts(rest, "：");
}

enum header_role
quote_words_header(struct span said)
{
	struct span front = span_first(said, HEADER_COLON_MAX);

	if (span_find(front, ':') == front.len && span_find_text(front, "：") == front.len)
		return HEADER_NONE;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		for (const char *const *word = headers[i].words; *word != NULL; word++)
			if (is_header(said, *word))
				return headers[i].role;
	return HEADER_NONE;
}

/* "-----Phrase-----", with more behind where a program put the headers there. */
static bool
is_ruled(struct span said, const char *const *phrases)
{
	size_t dashes;
	struct span rest = without_rule(said, &dashes);

	if (dashes < 2)
		return false;
	for (; *phrases != NULL; phrases++) {
		if (!starts_with(rest, *phrases))
			continue;
		rest = span_from(rest, strlen(*phrases));
		return span_trim(rest).len == 0 || span_find_text(rest, "--") < rest.len ||
		       span_find_text(rest, "==") < rest.len;
	}
	return false;
}

bool
quote_words_reply(struct span said)
{
	struct span rest = said;

	if (is_ruled(said, replies))
		return true;
	if (!span_starts(rest, "message du "))
		return false;
	rest = span_trim(span_from(rest, strlen("message du ")));
	if (span_starts(rest, ":"))
		rest = span_trim(span_from(rest, 1));
	return rest.len > 0 && rest.len < 40 && ascii_is_digit(rest.data[0]) &&
	       (span_find(rest, '/') < rest.len || span_find(rest, ':') < rest.len);
}

bool
quote_words_forward(struct span said)
{
	if (is_ruled(said, forwards))
		return true;
	if (said.len == 0 || said.data[said.len - 1] != ':')
		return false;
	said = span_trim(span_first(said, said.len - 1));
	for (size_t i = 0; forward_leads[i] != NULL; i++)
		if (span_is(said, forward_leads[i]))
			return true;
	return false;
}

/* Is the octet before i not part of a word? */
static bool
word_begins(struct span said, size_t i)
{
	return i == 0 || !(ascii_is_alpha(said.data[i - 1]) || ascii_is_digit(said.data[i - 1]) ||
			     (unsigned char)said.data[i - 1] >= 0x80);
}

/* Scripts that are written without blanks have no word ends. */
static bool
is_wide(const char *word)
{
	return (unsigned char)word[0] >= 0xe0;
}

bool
quote_words_ends_with_verb(struct span said)
{
	for (size_t i = 0; verbs[i] != NULL; i++) {
		size_t len = strlen(verbs[i]);

		if (said.len >= len && said.data[said.len - len] == verbs[i][0] &&
		    span_ends(said, verbs[i]) &&
		    (is_wide(verbs[i]) || word_begins(said, said.len - len)))
			return true;
	}
	return false;
}

bool
quote_words_has_verb(struct span said)
{
	for (size_t i = 0; verbs[i] != NULL; i++) {
		size_t at = span_find_text(said, verbs[i]);
		size_t end = at + strlen(verbs[i]);

		if (at < said.len && (is_wide(verbs[i]) || word_begins(said, at)) &&
		    (end == said.len || is_wide(verbs[i]) ||
			strchr(" :\"<(,", said.data[end]) != NULL))
			return true;
	}
	return false;
}

bool
quote_words_opens_attribution(struct span said)
{
	return starts_with_one(said, openings);
}

/* A sentence that only begins like it ("Sent from my desk, is much easier then my
 * mobile phone") is longer, or goes on. */
bool
quote_words_device(struct span said)
{
	size_t words = 1;

	if (!starts_with_one(said, devices))
		return false;
	if (span_ends(said, ":") || span_ends(said, ","))
		return false;
	for (size_t i = 0; i < said.len && said.data[i] != '<'; i++)
		words += said.data[i] == ' ';
	return words <= 9 || span_find_text(said, "typo") < said.len ||
	       span_find_text(said, "excuse") < said.len || span_find(said, '<') < said.len;
}

bool
quote_words_legal(struct span said)
{
	return starts_with_one(said, legal);
}

bool
quote_words_list_footer(struct span said)
{
	return has_one(said, footers);
}

bool
quote_words_answer_mark(struct span said)
{
	return has_one(said, marks);
}

const char *
quote_words_nth(unsigned n)
{
	static const char *const *const tables[] = { from_words, sent_words, date_words, to_words,
		cc_words, subject_words, other_words, replies, forwards, forward_leads, verbs,
		openings, devices, legal, footers, marks };

	for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
		for (size_t i = 0; tables[t][i] != NULL; i++)
			if (n-- == 0)
				return tables[t][i];
	return NULL;
}
