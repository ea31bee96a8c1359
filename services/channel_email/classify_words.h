/* classify_words.h - how programs phrase it; included only by classify.c. */
#ifndef FR_EMAIL_CLASSIFY_WORDS_H
#define FR_EMAIL_CLASSIFY_WORDS_H

/* clang-format off */

/* In the subject of a mail that a daemon sent. */
static const char *const bounce_subjects[] = {
    "undeliver", "undelivered", "delivery status notification", "delivery failure", "delivery failed", "delivery has failed", "delivery problem", "delivery error",
    "delivery notification", "delivery report", "mail delivery", "mail failure", "mail error", "returned mail", "returned to sender", "return to sender", "returning message",
    "failure notice", "failed delivery", "mail failed", "message failed", "returning to sender", "failure delivery", "message status", "could not be delivered", "not delivered", "couldn't be delivered", "non-delivery", "nondeliverable",
    "delayed mail", "delivery delayed", "message delayed", "warning: message", "warning: could not send", "could not send message", "message you sent", "mail system error",
    "user unknown", "invalid recipient", "rejected", "bounced", "bounce", "mail returned", "email not delivered", "unzustellbar", "nicht zustellbar", "zustellung", "nicht zugestellt",
    "non remis", "échec de la remise", "échec de remise", "non délivré", "retour de message", "non recapitabile", "mancato recapito", "recapito", "no se puede entregar", "no entregado",
    "no se ha podido entregar", "devuelto", "não entregue", "não foi possível entregar", "falha na entrega", "devolvid", "onbestelbaar", "niet bezorgd", "ikke leveret", "kan ikke leveres", "kan ikke leveres",
    "ej levererat", "kunde inte levereras", "kan inte levereras", "toimitus", "niedostarczon", "nie można dostarczyć", "nedoručiteln", "nedoruč", "kézbesíthetetlen", "kézbesít", "nelivrat",
    "не доставлен", "недоставлен", "не доставлено", "недоставленное", "teslim edilemedi", "退信", "无法投递", "未送達", "配信不能", "配信エラー", "送信エラー", "配信できません", "반송", "전송 실패",
};

/* At the beginning of its text, whoever it comes from: nobody else speaks so. */
static const char *const bounce_openings[] = {
    "this message was created automatically by mail delivery software", "hi. this is the qmail-send program", "this is the qmail-send program", "this is the mail system at host",
    "this is the postfix program", "this is the postfix mail system", "this is the sendmail program", "the original message was received at", "this is an automatically generated delivery status notification",
    "this report relates to a message you sent", "your message did not reach some or all of the intended recipients", "delivery has failed to these recipients",
    "diagnostic information for administrators", "your message wasn't delivered", "your message couldn't be delivered", "a message that you sent could not be delivered",
    "delivery to the following recipient", "this is a permanent error", "i'm afraid i wasn't able to deliver your message", "sorry, we were unable to deliver your message", "unable to deliver message to",
    "the following addresses had permanent fatal errors", "the following message to <", "message could not be delivered", "delivery to the following recipients failed", "hi! this is the mailer-daemon",
    "an error occurred while trying to deliver", "was not delivered to:", "your mail message to the following address",
};

/* How a daemon says it in running text: a bounce with any of its other signs. */
static const char *const bounce_texts[] = {
    "could not be delivered", "couldn't be delivered", "wasn't delivered", "was not delivered", "not be delivered", "undeliverable", "delivery failed", "failed to deliver", "unable to deliver", "delivery has failed",
    "cannot be delivered", "can't be delivered", "permanent error", "permanent fatal errors", "user unknown", "unknown user", "mailbox full", "mailbox is full", "quota exceeded", "has been delayed",
    "will be retried", "still being retried", "undelivered", "returned to you", "delivery to the following", "no such user", "recipient rejected", "recipient address rejected", "could not deliver",
    "nicht zugestellt", "konnte nicht zugestellt", "n'a pas pu être remis", "n'a pas été remis", "non è stato recapitato", "impossibile recapitare", "no se pudo entregar", "não pôde ser entregue", "配信できません", "无法送达",
};

/* A daemon's subject that says the opposite. */
static const char *const success_subjects[] = {
    "successful mail delivery", "delivery status notification (success)", "successfully delivered", "delivered:", "relayed:", "expanded:", "read:", "gelesen:", "lu :", "leído:", "letto:", "gelezen:", "lida:",
    "delivery status notification (relay)", "return receipt", "zugestellt:", "remis :", "read receipt",
};

static const char *const complaint_subjects[] = {
    "complaint about message from", "email feedback report for ip", "email feedback report", "abuse report", "spam report", "spam complaint", "feedback loop", "this is an email abuse report",
};

/* In front of the subject that is answered: a program says that it answers. */
static const char *const auto_prefixes[] = {
    "auto:", "auto-reply", "autoreply", "auto reply", "auto response", "auto-response", "autoresponse", "automatic reply", "automatic response", "automated reply", "automated response", "autoresponder",
    "out of office", "out of the office", "out-of-office", "ooo:", "automatische antwort", "autom. antwort", "abwesenheitsnotiz", "abwesenheitsbenachrichtigung", "réponse automatique", "reponse automatique",
    "message d'absence", "respuesta automática", "respuesta automatica", "risposta automatica", "automatisch antwoord", "resposta automática", "autosvar", "automatiskt svar", "automatisk svar",
    "automaattinen vastaus", "odpowiedź automatyczna", "automatyczna odpowiedź", "automatická odpověď", "automatická odpoveď", "automatikus válasz", "răspuns automat", "автоответ", "автоматический ответ",
    "автоматична відповідь", "otomatik yanıt", "αυτόματη απάντηση", "自动回复", "自動回覆", "自動応答", "自動返信", "자동 회신", "תשובה אוטומטית", "رد تلقائي",
};

/* The same from programs that say only why; people say so, too, so that it needs another sign. */
static const char *const absence_prefixes[] = {
    "vacation", "on vacation", "away from", "i am away", "absence", "abwesenheit", "abwesend", "ich bin nicht im büro", "urlaub", "absence du bureau", "absent du bureau", "absent(e)", "fuera de la oficina",
    "ausencia", "fuori sede", "fuori ufficio", "assenza", "afwezig", "ausência", "fora do escritório", "frånvaro", "frånvarande", "fravær", "ikke på kontoret", "poissa", "mimo kancelář", "nepřítomnost",
    "házon kívül", "不在", "부재",
};

/* Somebody is away: in the subject, or early in the text of an automatic answer. */
static const char *const away_words[] = {
    "vacation", "out of office", "out of the office", "out-of-office", "on leave", "annual leave", "parental leave", "maternity leave", "on holiday", "away from", "be back", "will return", "until my return",
    "am away", "limited access to", "urlaub", "abwesend", "abwesenheit", "nicht im büro", "ausser haus", "außer haus", "absence", "absent", "vacances", "congé", "de retour", "vacaciones", "ausente", "ausencia",
    "fuera de la oficina", "ferie", "fuori sede", "fuori ufficio", "assente", "assenza", "rientro", "afwezig", "vakantie", "férias", "fora do escritório", "semester", "frånvar", "ledig", "fravær", "ferien",
    "lomalla", "poissa", "urlop", "nieobecn", "dovolen", "nepřítom", "szabads", "concediu", "отпуск", "отсутств", "відпуст", "izindeyim", "ofis dışında", "休假", "外出", "不在", "휴가", "부재", "חופשה", "إجازة",
};
/* clang-format on */

#endif
