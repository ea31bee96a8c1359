/* reply_words.h - the words of reply_lines.c, language by language; included only there. */
#ifndef FR_EMAIL_REPLY_WORDS_H
#define FR_EMAIL_REPLY_WORDS_H

#include "services/channel_email/reply_lines.h"

#define FROM EMAIL_ROLE_FROM
#define DATE EMAIL_ROLE_DATE
#define TO EMAIL_ROLE_TO
#define CC EMAIL_ROLE_CC
#define SUBJECT EMAIL_ROLE_SUBJECT
#define REPLY EMAIL_ROLE_REPLY_TO

/* What mail programs call the fields when they copy a header above a quote. */
/* clang-format off */
static const struct {
    const char *name;
    unsigned roles;
} header_names[] = {
    { "From", FROM }, { "Sent", DATE }, { "Date", DATE }, { "Sent on", DATE }, { "To", TO }, { "Cc", CC }, { "Bcc", CC },
    { "Subject", SUBJECT }, { "Reply-To", REPLY }, { "Reply To", REPLY }, { "Importance", CC }, { "Priority", CC },
    { "Attachments", CC }, { "Resent-From", FROM }, { "Organization", CC },
    { "Von", FROM }, { "Gesendet", DATE }, { "Gesendet am", DATE }, { "Datum", DATE }, { "An", TO }, { "Kopie", CC },
    { "Betreff", SUBJECT }, { "Antwort an", REPLY }, { "Wichtigkeit", CC }, { "Absender", FROM },
    { "De", FROM }, { "Envoyé", DATE }, { "Envoyé le", DATE }, { "Envoy\xc3\xa9 par", FROM }, { "À", TO }, { "A", TO },
    { "Objet", SUBJECT }, { "Copie", CC }, { "Copie à", CC }, { "Répondre à", REPLY }, { "Expéditeur", FROM }, { "Destinataire", TO },
    { "Enviado", DATE }, { "Enviado el", DATE }, { "Fecha", DATE }, { "Para", TO }, { "Asunto", SUBJECT }, { "CC", CC },
    { "Responder a", REPLY }, { "Remitente", FROM },
    { "Da", FROM }, { "Inviato", DATE }, { "Inviato il", DATE }, { "Data", DATE }, { "Oggetto", SUBJECT }, { "Rispondi a", REPLY },
    { "Risposta", REPLY }, { "Mittente", FROM }, { "Destinatario", TO },
    { "Van", FROM }, { "Verzonden", DATE }, { "Verzonden op", DATE }, { "Aan", TO }, { "Onderwerp", SUBJECT }, { "Antwoord aan", REPLY },
    { "Enviada", DATE }, { "Enviada em", DATE }, { "Enviado em", DATE }, { "Assunto", SUBJECT }, { "Responder para", REPLY },
    { "Fra", FROM }, { "Sendt", DATE }, { "Dato", DATE }, { "Til", TO }, { "Emne", SUBJECT }, { "Kopi", CC }, { "Svar til", REPLY },
    { "Från", FROM }, { "Skickat", DATE }, { "Till", TO }, { "Ämne", SUBJECT }, { "Kopia", CC }, { "Svar till", REPLY },
    { "Lähettäjä", FROM }, { "Lähetetty", DATE }, { "Päivämäärä", DATE }, { "Vastaanottaja", TO }, { "Aihe", SUBJECT }, { "Kopio", CC },
    { "Od", FROM }, { "Wysłano", DATE }, { "Do", TO }, { "Temat", SUBJECT }, { "DW", CC }, { "Nadawca", FROM }, { "Adresat", TO },
    { "Odesláno", DATE }, { "Odeslano", DATE }, { "Komu", TO }, { "Předmět", SUBJECT }, { "Kopie", CC }, { "Odesílatel", FROM },
    { "Odoslané", DATE }, { "Dátum", DATE }, { "Predmet", SUBJECT }, { "Kópia", CC }, { "Poslano", DATE }, { "Za", TO },
    { "Zadeva", SUBJECT }, { "Poslato", DATE }, { "Prima", TO }, { "Šalje", FROM },
    { "Feladó", FROM }, { "Küldve", DATE }, { "Elküldve", DATE }, { "Címzett", TO }, { "Tárgy", SUBJECT }, { "Másolatot kap", CC },
    { "De la", FROM }, { "Trimis", DATE }, { "Către", TO }, { "Catre", TO }, { "Subiect", SUBJECT },
    { "От", FROM }, { "От кого", FROM }, { "Отправлено", DATE }, { "Отправитель", FROM }, { "Дата", DATE }, { "Кому", TO },
    { "Копия", CC }, { "Тема", SUBJECT }, { "Від", FROM }, { "Надіслано", DATE }, { "Копія", CC }, { "Изпратено", DATE },
    { "До", TO }, { "Относно", SUBJECT }, { "Дата", DATE },
    { "Kimden", FROM }, { "Gönderen", FROM }, { "Gönderildi", DATE }, { "Gönderme", DATE }, { "Tarih", DATE }, { "Kime", TO },
    { "Alıcı", TO }, { "Konu", SUBJECT }, { "Bilgi", CC },
    { "Από", FROM }, { "Στάλθηκε", DATE }, { "Εστάλη", DATE }, { "Ημερομηνία", DATE }, { "Προς", TO }, { "Θέμα", SUBJECT }, { "Κοιν", CC },
    { "发件人", FROM }, { "发送时间", DATE }, { "发送日期", DATE }, { "日期", DATE }, { "收件人", TO }, { "抄送", CC }, { "主题", SUBJECT },
    { "寄件者", FROM }, { "寄件人", FROM }, { "傳送時間", DATE }, { "寄件日期", DATE }, { "收件者", TO }, { "副本", CC }, { "主旨", SUBJECT },
    { "差出人", FROM }, { "送信者", FROM }, { "送信日時", DATE }, { "日時", DATE }, { "日付", DATE }, { "宛先", TO }, { "件名", SUBJECT },
    { "보낸 사람", FROM }, { "보낸사람", FROM }, { "보낸 날짜", DATE }, { "날짜", DATE }, { "받는 사람", TO }, { "받는사람", TO },
    { "참조", CC }, { "제목", SUBJECT },
    { "מאת", FROM }, { "נשלח", DATE }, { "תאריך", DATE }, { "אל", TO }, { "נושא", SUBJECT }, { "עותק", CC },
    { "من", FROM }, { "التاريخ", DATE }, { "تم الإرسال", DATE }, { "إلى", TO }, { "الموضوع", SUBJECT },
    { "Từ", FROM }, { "Đã gửi", DATE }, { "Ngày", DATE }, { "Đến", TO }, { "Tới", TO }, { "Chủ đề", SUBJECT },
    { "Dari", FROM }, { "Dikirim", DATE }, { "Tanggal", DATE }, { "Kepada", TO }, { "Ke", TO }, { "Subjek", SUBJECT }, { "Perihal", SUBJECT },
    { "จาก", FROM }, { "ส่ง", DATE }, { "วันที่", DATE }, { "ถึง", TO }, { "เรื่อง", SUBJECT },
    { "Saatja", FROM }, { "Saadetud", DATE }, { "Saaja", TO }, { "Teema", SUBJECT }, { "Nuo", FROM }, { "Išsiųsta", DATE },
    { "Kam", TO }, { "Tema", SUBJECT }, { "No", FROM }, { "Nosūtīts", DATE },
};

/* "wrote", near the end of the line that introduces a quote. */
static const char *const wrote_words[] = {
    "wrote", "writes", "written", "schrieb", "geschrieben", "a écrit", "écrit", "ecrit", "escribió", "escribio", "escribía",
    "ha scritto", "scrisse", "scritto", "scrive", "schreef", "geschreven", "schrijft", "escreveu", "escreveram", "skrev", "skriver", "skrifaði",
    "kirjoitti", "napisał", "napisala", "napisał(a)", "pisze", "napsal", "napísal", "píše", "napisao", "napisal", "написал", "написав",
    "írta", "ezt írta", "a scris", "scris", "пишет", "написала", "писал", "пише", "пишува", "написа", "έγραψε", "yazdı", "yazmış",
    "đã viết", "viết", "เขียน", "写道", "寫道", "写到", "書きました", "のメール", "작성", "썼습니다", "כתב", "כתבה", "كتب", "نوشت", "menulis", "rašė",
    "rakstīja", "kirjutas", "va escriure", "escribiu", "idatzi", "scríobh", "shkroi", "gracias escribió", "sent the following",
};

/* Between dashes, or before a colon: what follows was said before. */
static const char *const divider_words[] = {
    "original message", "forwarded message", "begin forwarded message", "forwarded by", "original appointment", "original mail", "original email",
    "ursprüngliche nachricht", "urspruengliche nachricht", "originalnachricht", "original-nachricht", "ursprüngliche mail", "weitergeleitete nachricht",
    "weitergeleiteten nachricht", "weitergeleitet von",
    "message d'origine", "message d’origine", "message original", "message transféré", "message initial", "début du message",
    "mensaje original", "mensaje reenviado", "messaggio originale", "messaggio inoltrato", "inizio messaggio inoltrato",
    "oorspronkelijk bericht", "oorspronkelijke bericht", "doorgestuurd bericht", "mensagem original", "mensagem encaminhada", "mensagem reenviada",
    "ursprungligt meddelande", "originalmeddelande", "vidarebefordrat meddelande", "oprindelig meddelelse", "videresendt meddelelse",
    "opprinnelig melding", "videresendt melding", "alkuperäinen viesti", "välitetty viesti", "oryginalna wiadomość", "wiadomość oryginalna",
    "wiadomość przekazana", "původní zpráva", "původní e-mail", "přeposlaná zpráva", "pôvodná správa", "izvirno sporočilo", "izvorna poruka",
    "eredeti üzenet", "továbbított üzenet", "mesaj original", "mesaj redirecționat", "исходное сообщение", "пересылаемое сообщение",
    "пересланное сообщение", "оригинальное сообщение", "оригінальне повідомлення", "orijinal mesaj", "özgün ileti", "iletilen mesaj",
    "αρχικό μήνυμα", "προωθημένο μήνυμα", "原始邮件", "原邮件", "转发邮件", "轉寄郵件", "原始郵件", "元のメッセージ", "転送メッセージ", "원본 메시지", "원본메시지",
    "전달된 메시지", "הודעה מקורית", "الرسالة الأصلية", "thư gốc", "pesan asli", "type your reply above", "reply above this line",
    "please reply above", "über dieser zeile antworten", "répondez au-dessus de cette ligne",
};

/* A line that begins so, at the very end, is the telephone's and not the person's. */
static const char *const mobile_openings[] = {
    "sent from my ", "sent from mail", "sent from yahoo", "sent from windows", "sent from outlook", "sent from a ", "sent from mobile", "sent from samsung",
    "sent from proton", "sent from gmail", "sent from nine", "sent via ", "sent with ", "sent using ", "sent by ", "sent from the all new aol",
    "get outlook for", "get [outlook", "download outlook for", "sent from [", "from my iphone", "from my ipad", "from my android",
    "enviado desde mi ", "enviado desde ", "enviado do meu ", "enviado de meu ", "enviado a partir d", "obtener outlook para", "obter o outlook",
    "von meinem ", "gesendet von ", "gesendet mit ", "diese nachricht wurde von meinem", "diese e-mail wurde von meinem", "outlook für ", "holen sie sich outlook",
    "envoyé depuis ", "envoyé de mon ", "envoyé avec ", "envoyé à partir", "télécharger outlook", "obtenez outlook", "inviato da", "inviato dal ", "inviato con ",
    "scarica outlook", "verzonden met ", "verzonden vanaf ", "verstuurd vanaf ", "verstuurd met ", "download outlook", "outlook voor",
    "sendt fra ", "sendt med ", "skickat från ", "skickat med ", "hämta outlook", "hent outlook", "lähetetty ", "wysłano z ", "wysłane z ", "wysłany z ", "odesláno z ", "odoslané z ",
    "poslano iz ", "poslano z ", "poslato sa ", "küldve ", "trimis de pe ", "trimis din ", "отправлено с ", "отправлено из ", "послано с ", "надіслано з ", "изпратено от ",
    "iphone'umdan", "ipad'imden", "στάλθηκε από ", "从我的", "從我的", "发自我的", "發自我的", "发送自", "通过我的", "iphoneから送信", "ipadから送信", "androidから送信", "나의 iphone에서",
    "내 iphone에서", "נשלח מה", "أرسلت من", "đã gửi từ", "dikirim dari ",
};

/* Anywhere in a short last line, with one of the verbs: "Someone from mobile", "<<sent by galaxy>>". */
static const char *const mobile_devices[] = {
    "iphone", "ipad", "ipod", "android", "blackberry", "mobile", "galaxy", "phone", "smartphone", "handy", "mobilgerät", "mobiltelefon", "móvil", "celular",
    "cellulare", "portable", "tablet", "outlook for ", "k-9 mail", "windows phone", "téléphone", "telefono", "teléfono", "telefoon", "手机",
};
static const char *const mobile_verbs[] = {
    "sent", "from mobile", "via mobile", "from my", "from a ", "gesendet", "geschickt", "envoyé", "enviado", "inviato", "verzonden", "verstuurd", "sendt",
    "skickat", "lähetetty", "wysłan", "odeslán", "отправлен", "送信", "傳送", "发送", "发自", "gönderildi",
};
/* clang-format on */

#undef FROM
#undef DATE
#undef TO
#undef CC
#undef SUBJECT
#undef REPLY
#endif
