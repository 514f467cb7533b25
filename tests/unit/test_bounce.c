#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/bounce.h"
#include "unit/data.h"

struct sample {
    const char *name;
    const char *mail;
    /* "ADDRESS ACTION STATUS hard|soft REASON", one a recipient, parted by "; "; of a complaint
     * first "complaint TYPE: "; "none": it is neither. */
    const char *want;
};

static void describe(const struct bounce *bounce, struct buffer *text)
{
    if (bounce->feedback_type.size)
        buffer_printf(text, "complaint %.*s: ", VIEW_ARGUMENTS(bounce->feedback_type));
    for (size_t i = 0; i < bounce->recipient_count; i++) {
        const struct bounce_recipient *recipient = &bounce->recipients[i];

        buffer_printf(text, "%s%.*s %s %.*s %s %s", i ? "; " : "",
                      VIEW_ARGUMENTS(recipient->address), bounce_action_name(recipient->action),
                      VIEW_ARGUMENTS(recipient->status), recipient->permanent ? "hard" : "soft",
                      reason_name(recipient->reason));
    }
}

static void check(const struct sample *sample)
{
    struct view bytes = data_exact(sample->mail);
    struct arena *arena = arena_new();
    struct bounce bounce;
    struct buffer text;
    struct mail mail;

    buffer_init(&text, 1 << 16);
    mail_read(bytes, arena, &mail);
    if (bounce_read(&mail, arena, &bounce))
        describe(&bounce, &text);
    else
        buffer_add_string(&text, "none");
    if (strcmp(buffer_string(&text), sample->want) != 0)
        fail_msg("%s: %s\nwant %s", sample->name, buffer_string(&text), sample->want);
    buffer_free(&text);
    arena_free(&arena);
    data_free(bytes);
}

static void check_all(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(&samples[i]);
}
#define CHECK_ALL(samples) check_all(samples, sizeof(samples) / sizeof((samples)[0]))

/* ---- RFC 3464 ---- */

#define HEAD "From: MAILER-DAEMON@mx.example.org\nTo: news@example.net\nSubject: Returned mail\n"
#define REPORT HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
#define TEXT "--b\nContent-Type: text/plain\n\n"
#define STATUS "--b\nContent-Type: message/delivery-status\n\n"
#define RETURNED "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m1@example.net>\n" \
                 "From: news@example.net\nTo: ada@example.org\n--b--\n"

static void reports_are_read(void **state)
{
    static const struct sample samples[] = {
        {"one recipient",
         REPORT TEXT "It failed.\n" STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; Ada@Example.org\n"
         "Action: failed\nStatus: 5.1.1\nRemote-MTA: dns; y.example\n"
         "Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org>... User\n unknown\n\n" RETURNED,
         "ada@example.org failed 5.1.1 hard userunknown"},
        {"several, each with its own fate",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\n"
         "Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.2.2\n\n"
         "Final-Recipient: rfc822; b@example.org\nAction: delayed\nStatus: 4.4.1\n"
         "Will-Retry-Until: Mon, 2 Mar 2026 10:00:00 +0000\n\n"
         "Final-Recipient: rfc822; c@example.org\nAction: delivered\nStatus: 2.1.5\n\n"
         "Final-Recipient: rfc822; d@example.org\nAction: relayed\n\n"
         "Final-Recipient: rfc822; e@example.org\nAction: expanded\nStatus: 2.1.5\n\n" RETURNED,
         "a@example.org failed 5.2.2 soft mailboxfull; "
         "b@example.org delayed 4.4.1 soft expired; "
         "c@example.org delivered 2.1.5 soft delivered; "
         "d@example.org relayed 2.0.0 soft delivered; "
         "e@example.org expanded 2.1.5 soft delivered"},
        {"no empty line between them",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n"
         "Final-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.1.1\n"
         "Final-Recipient: rfc822; b@example.org\nAction: failed\nStatus: 5.2.2\n" RETURNED,
         "a@example.org failed 5.1.1 hard userunknown; b@example.org failed 5.2.2 soft mailboxfull"},
        {"empty lines everywhere",
         REPORT STATUS
         "\n\nReporting-MTA: dns; mx.example.org\n\n\n\nFinal-Recipient: rfc822; a@example.org\n\n"
         "Action: failed\nStatus: 5.1.1\n\n\n\nFinal-Recipient: rfc822; b@example.org\n"
         "Action: failed\n\nStatus: 5.2.2\n" RETURNED,
         "a@example.org failed 5.1.1 hard userunknown; b@example.org failed 5.2.2 soft mailboxfull"},
        {"the action is missing, the status has a comment",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nOriginal-Recipient: rfc822;a@example.org\n"
         "Status: 4.2.2 (mailbox full)\n\n" RETURNED,
         "a@example.org failed 4.2.2 soft mailboxfull"},
        {"the final recipient is no address",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; |/bin/filter\n"
         "Original-Recipient: rfc822; a@example.org\nAction: failed\nStatus: 5.3.0\n"
         "Diagnostic-Code: X-Unix; command died with status 1\n\n" RETURNED,
         "a@example.org failed 5.3.0 soft mailererror"},
        {"the relay's own number says less than the server's",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.7.1 your IP is on a block "
         "list\n\n" RETURNED,
         "a@example.org failed 5.7.1 soft blocked"},
        {"the reply's code says which class is meant",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 4.4.7\nDiagnostic-Code: smtp; 550 5.2.2 over quota\n\n" RETURNED,
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"nothing but the number",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 5.1.2\n\n" RETURNED,
         "a@example.org failed 5.1.2 hard hostunknown"},
        {"what the report leaves out, the text says",
         REPORT TEXT "<a@example.org>: host y.example said: 550 Mailbox is full\n"
         "    (in reply to RCPT TO command)\n" STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 5.0.0\n\n" RETURNED,
         "a@example.org failed 5.0.0 soft mailboxfull"},
        {"a wrong content type",
         HEAD "Content-Type: multipart/mixed; boundary=b\n\n" TEXT
         "Your message could not be delivered.\n--b\nContent-Type: text/plain\n\n"
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 5.1.1\n\n--b--\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"RFC 6533's types",
         HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
         "--b\nContent-Type: message/global-delivery-status\n\n"
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: utf-8; a@example.org\n"
         "Action: failed\nStatus: 5.1.1\n\n--b--\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"a mailbox whose domain takes no mail",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: failed\nStatus: 5.1.10\nDiagnostic-Code: smtp; 556 5.1.10 null MX\n\n" RETURNED,
         "a@example.org failed 5.1.10 hard notaccept"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* A delay that speaks of a dead address is a delay. */
static void delays_are_no_failures(void **state)
{
    static const struct sample samples[] = {
        {"in a report",
         REPORT STATUS
         "Reporting-MTA: dns; mx.example.org\n\nFinal-Recipient: rfc822; a@example.org\n"
         "Action: delayed\nStatus: 4.1.1\nDiagnostic-Code: smtp; 450 4.1.1 User unknown\n\n" RETURNED,
         "a@example.org delayed 4.1.1 soft userunknown"},
        {"in a text",
         "From: Mail Delivery System <Mailer-Daemon@mx.example.org>\nTo: news@example.net\n"
         "Subject: Warning: message 1abc delayed 24 hours\n\n"
         "A message that you sent has not yet been delivered to one or more of its\n"
         "recipients after more than 24 hours on the queue.\n\n"
         "The address to which the message has not yet been delivered is:\n\n  a@example.org\n"
         "    Delay reason: SMTP error from remote mail server after RCPT TO:<a@example.org>:\n"
         "    450 4.2.2 mailbox is full\n\nNo action is required on your part.\n",
         "a@example.org delayed 4.2.2 soft mailboxfull"},
        {"only the subject says so",
         HEAD "Subject: Delivery Status Notification (Delay)\n\n", "none"},
        {"that came to an end",
         HEAD "\n   ----- The following addresses had permanent fatal errors -----\n"
         "<a@example.org>\n\n   ----- Transcript of session follows -----\n"
         "<a@example.org>... Deferred: Connection timed out with y.example.\n"
         "Message could not be delivered for 5 days\nMessage will be deleted from queue\n",
         "a@example.org failed 5.4.7 soft expired"},
    };

    (void)state;
    CHECK_ALL(samples);
}

static void successes_are_told(void **state)
{
    static const struct sample samples[] = {
        {"in a text",
         HEAD "\nYour message was successfully delivered to the following recipients:\n\n"
         "  a@example.org\n",
         "a@example.org delivered 2.0.0 soft delivered"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* ---- free text ---- */

static void texts_are_read(void **state)
{
    static const struct sample samples[] = {
        {"address, colon, what the server said; a copy below",
         HEAD "\nHi. This is the mail program at mx.example.org.\nI wasn't able to deliver your "
         "message to the following addresses.\n\n<a@example.org>:\nRemote host said: 552 5.2.2 "
         "Mailbox full\nGiving up on 192.0.2.1.\n\n<b@example.org>:\n192.0.2.1 does not like "
         "recipient.\nRemote host said: 550 Sorry, no such user here\nGiving up on 192.0.2.1.\n\n"
         "--- Below this line is a copy of the message.\n\nReturn-Path: <news@example.net>\n"
         "To: c@example.org\n\n<d@example.org>: 550 not mine\n",
         "a@example.org failed 5.2.2 soft mailboxfull; b@example.org failed 5.1.1 hard userunknown"},
        {"address in a line, reason indented below",
         HEAD "\nThis message was created automatically.\nA message that you sent could not be "
         "delivered. The following address(es) failed:\n\n  a@example.org\n    host mx.example.org "
         "[192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<a@example.org>:\n"
         "    550 5.7.1 Relay access denied\n\n------ This is a copy of the message ------\n\n"
         "To: b@example.org\n",
         "a@example.org failed 5.7.1 soft norelaying"},
        {"a copy without a head",
         HEAD "\nYour mail could not\n   be delivered to\n\n<a@example.org>: mailbox is full\n\n------ This "
         "is a copy of the message ------\n\nDear all,\n<b@example.org>: 550 not mine\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"words over several lines",
         "From: someone@example.org\nSubject: Undelivered mail\n\nThis is to tell you that it could\n"
         "    not   be\n\tdelivered.\n<a@example.org>: mailbox is full\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"all in one line",
         HEAD "\nAn error has occurred while attempting to deliver a message for\nthe following list "
         "of recipients:\n\na@example.org: 550 5.2.2 <a@example.org>... Mailbox Full\n"
         "b@example.org: 550 5.1.1 <b@example.org>... User Unknown\n\n"
         "    Below is a copy of the original message:\n\nReceived: from x\n",
         "a@example.org failed 5.2.2 soft mailboxfull; b@example.org failed 5.1.1 hard userunknown"},
        {"a label before the address, the reason after",
         HEAD "\nYour message cannot be delivered to the following recipients:\n\n"
         "  Recipient address: a@example.org\n  Reason: Illegal host/domain name found\n",
         "a@example.org failed 5.1.2 hard hostunknown"},
        {"the reason before the address",
         HEAD "\nYour message:\n   From:    news@example.net\n   Subject: Papers\n\nCould not be "
         "delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were "
         "affected:\n    a@example.org\n\nAdditional Information\n======================\n"
         "Original Sender:    <news@example.net>\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"in a sentence",
         HEAD "\nThere was an error delivering your mail to <a@example.org>.\n\n"
         "mx.example.org [192.0.2.1] did not like our RCPT TO:\n552 5.2.2 Mailbox full\n\n"
         "Message headers follow.\n\nTo: <b@example.org>\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"a dialogue",
         HEAD "\n   ----- Transcript of session follows -----\n"
         "While talking to a.example:\n>>> RCPT To:<a@example.org>\n<<< 550 <a@example.org>... "
         "User unknown\n550 <a@example.org>... User unknown\nWhile talking to b.example:\n"
         ">>> DATA\n<<< 554 mail rejected as spam\n554 <b@example.org>... Service unavailable\n\n"
         "   ----- Unsent message follows -----\nTo: c@example.org\n",
         "a@example.org failed 5.1.1 hard userunknown; b@example.org failed 5.0.0 soft spamdetected"},
        {"only HTML",
         HEAD "Content-Type: text/html\n\n<p>Your message could not be delivered to "
         "<a href='mailto:a@example.org'>a@example.org</a>.</p><p>550 5.2.2 Mailbox full</p>\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"another language",
         HEAD "\n以下のメールアドレスへの送信に失敗しました。\n\na@example.org\n\n-------server "
         "message\n550 5.1.1 a@example.org... no\n-------original mail info\nTo: b@example.org\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"Exchange's name and address",
         HEAD "\nDelivery has failed to these recipients or distribution lists:\n\n"
         "Ada L.<mailto:a@example.org>\nThe message is too large.\n\nDiagnostic information for "
         "administrators:\n\nGenerating server: x.example\n\na@example.org\n"
         "#550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient ##\n\n"
         "Original message headers:\n\nReceived: from x\n",
         "a@example.org failed 5.2.3 soft exceedlimit"},
        {"the field names them",
         "From: Mailer <x@mx.example.org>\nX-Failed-Recipients: a@example.org\n"
         "Subject: no words for it\n\nVotre message est perdu.\nQuota exceeded\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"nobody is named but in the copy",
         HEAD "\nMessage could not be delivered to mobile.\nError: No valid recipients for this "
         "MM\n\nOriginal Message:\nFrom: news@example.net\nTo: a@example.org\nSubject: x\n\nx\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"our own address is no recipient",
         HEAD "\nDear news@example.net, your mail could not be delivered:\na@example.org\n"
         "Mailbox full\nIf you have questions write to help@example.org\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"report fields in the text",
         HEAD "\nAn error occurred while trying to deliver the mail to the following recipients:\n"
         "a@example.org\n\nTechnical report:\nReporting-MTA: dsn; mx.example.org\n\nAction: failed\n"
         "Final-Recipient: rfc822; a@example.org\nDiagnostic-Code: smtp; 550 5.3.5 Internal System "
         "Error\nStatus: 5.3.5\n",
         "a@example.org failed 5.3.5 soft systemerror"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* As programs write them that are not among the samples. */
static void programs_nobody_thought_of_are_read(void **state)
{
    static const struct sample samples[] = {
        {"error above, recipients in its details",
         HEAD "\nHi. This is the James mail server at mx.example.org.\nI'm afraid I wasn't able to "
         "deliver your message to the following addresses.\nThis is a permanent error; I've given "
         "up.\n\nFailed recipient(s):\na@example.org\n\nError message:\n550 5.2.2 <a@example.org>... "
         "Mailbox Full\n\nMessage details:\n  Subject: Papers\n  MAIL FROM: news@example.net\n"
         "  RCPT TO: a@example.org\n  From: news@example.net\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"server and recipient in one line",
         HEAD "\nWe had trouble delivering your message. Full details follow:\n\nSubject: 'Papers'\n"
         "Date: 'Thu, 5 Feb 2026'\n\n1 error(s):\n\nSMTP Server <mx.example.org> rejected recipient "
         "<a@example.org>\n  (Error following RCPT command). It responded as follows: [550 No such "
         "user here]\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"the dialogue in words",
         HEAD "\nYour message did not reach some or all of the intended recipients.\n\n   Sent: Thu, "
         "5 Feb 2026\n   Subject: Papers\n\nThe following recipient(s) could not be reached:\n\n"
         "a@example.org\n   Error Type: SMTP\n   Remote server (192.0.2.1) issued an error.\n   "
         "sent: RCPT TO:<a@example.org>\n   Remote server replied: 550 user unknown\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"between bars",
         HEAD "\n|------------------------- Message log follows: -------------------------|\n no valid "
         "recipients were found for this message\n|------------------------- Failed addresses follow: "
         "---------------------|\n <a@example.org> ... unknown user\n|------------------------- "
         "Message text follows: ------------------------|\nTo: b@example.org\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"a list with reasons in brackets",
         HEAD "\nThe message that you sent was undeliverable to the following:\n\ta@example.org "
         "(mailbox is full)\n\tb@example.org (host not found)\n",
         "a@example.org failed 5.2.2 soft mailboxfull; b@example.org failed 5.1.2 hard hostunknown"},
        {"in quotes, several modules down",
         HEAD "\nFailed to deliver to 'a@example.org'\nSMTP module(domain example.org) reports:\n host "
         "mx.example.org says:\n 554 5.7.1 Message rejected: spam\n",
         "a@example.org failed 5.7.1 soft spamdetected"},
        {"Chinese",
         "From: Postmaster@example.cn\nTo: news@example.net\nSubject: 系统退信\n\n很抱歉，您的邮件被退回。\n"
         "收件人：a@example.org\n原因：550 5.1.1 用户不存在\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"the mail's fields first",
         HEAD "\nSubject: Papers\nDate: Thu, 5 Feb 2026 10:00:00 +0000\nMessage-ID: <m@example.net>\n\n"
         "could not be delivered to a@example.org: mailbox is full\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"German",
         "From: Mailer-Daemon@example.de\nTo: news@example.net\nSubject: Unzustellbar: Papers\n\nIhre "
         "Nachricht konnte nicht zugestellt werden an:\n\na@example.org\n\nDas Postfach ist voll.\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* Of an address that is called dead nothing is sent any more: words that may mean the mail
 * do not suffice. */
static void dead_is_only_who_is_called_so(void **state)
{
    static const struct sample samples[] = {
        {"at RCPT, under whatever number",
         HEAD "\nI was unable to deliver your message.\n<a@example.org>: host y said: 550 5.7.1 user "
         "unknown\n    (in reply to RCPT TO command)\n",
         "a@example.org failed 5.7.1 hard userunknown"},
        {"after the mail was seen",
         HEAD "\nI was unable to deliver your message.\n<a@example.org>: host y said: 550 User "
         "unknown\n    (in reply to end of DATA command)\n",
         "a@example.org failed 5.0.0 soft filtered"},
        {"at a command that nobody tells",
         REPORT STATUS
         "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\n"
         "Status: 5.0.0\nDiagnostic-Code: smtp; 550 user unknown\n\n" RETURNED,
         "a@example.org failed 5.0.0 soft filtered"},
        {"but the reporting server says it itself",
         REPORT TEXT "Your message wasn't delivered to a@example.org because the address couldn't be "
         "found.\n" STATUS
         "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@example.org\nAction: failed\n"
         "Status: 5.0.0\nDiagnostic-Code: smtp; 550 user unknown\n\n" RETURNED,
         "a@example.org failed 5.0.0 hard userunknown"},
        {"our own machine's name",
         HEAD "\nI wasn't able to deliver your message.\n\n<a@example.org>:\nConnected to 192.0.2.1 but "
         "my name was rejected.\nRemote host said: 501 Invalid domain name\n",
         "a@example.org failed 5.0.0 soft blocked"},
        {"our sender's",
         HEAD "\nI was unable to deliver your message.\n<a@example.org>: host y said: 550 domain not "
         "found\n    (in reply to MAIL FROM command)\n",
         "a@example.org failed 5.0.0 soft rejected"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* ---- others ---- */

#define SNS "From: SES <no-reply@sns.amazonaws.com>\nTo: news@example.net\nSubject: AWS Notification\n\n"

static void notifications_are_read(void **state)
{
    static const struct sample samples[] = {
        {"a bounce", SNS
         "{\"notificationType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[{\"emailAddress\":"
         "\"A@example.org\",\"action\":\"failed\",\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 "
         "5.1.1 user unknown\"}]},\"mail\":{\"headers\":[{\"name\":\"Message-ID\",\"value\":"
         "\"<m1@example.net>\"}]}}\n\n--\nIf you wish to stop …\n",
         "a@example.org failed 5.1.1 hard userunknown"},
        {"in SNS' own object, its lines broken", SNS
         "{\n  \"Type\" : \"Notification\",\n  \"Message\" : \"{\\\"notificationType\\\":\\\"Bou!\n nce"
         "\\\",\\\"bounce\\\":{\\\"bouncedRecipients\\\":[{\\\"emailAddress\\\":\\\"a@example.org\\\","
         "\\\"status\\\":\\\"5.2.2\\\"}]}}\"\n}\n",
         "a@example.org failed 5.2.2 soft mailboxfull"},
        {"a delivery", SNS
         "{\"notificationType\":\"Delivery\",\"delivery\":{\"recipients\":[\"a@example.org\"],"
         "\"smtpResponse\":\"250 2.6.0 Message received\"}}\n",
         "a@example.org delivered 2.6.0 soft delivered"},
        {"a complaint", SNS
         "{\"notificationType\":\"Complaint\",\"complaint\":{\"complainedRecipients\":"
         "[{\"emailAddress\":\"a@example.org\"}],\"complaintFeedbackType\":\"abuse\"}}\n",
         "complaint abuse: a@example.org delivered  soft feedback"},
        {"some other object", SNS "{\"notificationType\":\"Sunshine\"}\n", "none"},
        {"no object", SNS "{\"notificationType\":\n", "none"},
    };

    (void)state;
    CHECK_ALL(samples);
}

#define FEEDBACK "From: feedback@isp.example\nTo: abuse@example.net\nSubject: FW: Papers\n"
#define RETURNED_MAIL "--b\nContent-Type: message/rfc822\n\nFrom: news@example.net\n" \
                      "To: a@example.org\nMessage-ID: <m1@example.net>\n\nHi\n--b--\n"

static void complaints_are_read(void **state)
{
    static const struct sample samples[] = {
        {"RFC 5965",
         FEEDBACK "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
         TEXT "A user complained.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: Abuse\n"
         "User-Agent: x\nVersion: 1\nOriginal-Rcpt-To: <A@example.org>\n"
         "Original-Rcpt-To: b@example.org\n\n" RETURNED_MAIL,
         "complaint abuse: a@example.org delivered  soft feedback; "
         "b@example.org delivered  soft feedback"},
        {"without the report's type",
         FEEDBACK "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "message/feedback-report\n\nFeedback-Type: opt-out\n\n" RETURNED_MAIL,
         "complaint opt-out: a@example.org delivered  soft feedback"},
        {"with another type for the part",
         FEEDBACK "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"
         TEXT "Feedback-Type: fraud\nVersion: 1\n" RETURNED_MAIL,
         "complaint fraud: a@example.org delivered  soft feedback"},
        {"Hotmail's",
         "From: staff@hotmail.com\nTo: abuse@example.net\nSubject: complaint about message from "
         "192.0.2.1\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "message/rfc822\n\nX-HmXmrOriginalRecipient: a@example.org\nTo: x@example.com\n\nHi\n--b--\n",
         "complaint abuse: a@example.org delivered  soft feedback"},
        {"sent by a mail program to leave the list",
         "From: a@example.org\nTo: leave@example.net\nSubject: unsubscribe\n"
         "Auto-Submitted: auto-replied\n\nApple Mail sent this email to unsubscribe.\n",
         "complaint opt-out: "},
    };

    (void)state;
    CHECK_ALL(samples);
}

static void other_mails_are_neither(void **state)
{
    static const struct sample samples[] = {
        {"a person's", "From: a@example.org\nSubject: subscribe\n\nsubscribe Ada\n", "none"},
        {"that has left the list", "From: a@example.org\nSubject: unsubscribe\n\nunsubscribe\n", "none"},
        {"that asks about a failure",
         "From: a@example.org\nTo: x@example.net\nSubject: My mail\n\nYour mail to b@example.org could "
         "not be delivered: 550 5.1.1 user unknown. Why?\n", "none"},
        {"that answers a report",
         "From: a@example.org\nSubject: Re: Undelivered Mail Returned to Sender\n\nI see.\n\n"
         "> could not be delivered\n> <b@example.org>: host x said: 550 5.1.1 user unknown\n", "none"},
        {"that sends one on",
         "From: a@example.org\nSubject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; "
         "boundary=b\n\n--b\nContent-Type: text/plain\n\nlook\n--b\nContent-Type: message/rfc822\n\n"
         "Content-Type: multipart/report; report-type=delivery-status; boundary=c\n\n--c\n"
         "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; x@example.org\n"
         "Action: failed\nStatus: 5.1.1\n\n--c--\n--b--\n", "none"},
        {"an out-of-office note",
         "From: a@example.org\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nI am away. Mails "
         "to b@example.org are not delivered.\n", "none"},
        {"a receipt",
         "From: a@example.org\nSubject: Read: Papers\nContent-Type: multipart/report; "
         "report-type=disposition-notification; boundary=b\n\n--b\nContent-Type: text/plain\n\nIt was "
         "read.\n--b\nContent-Type: message/disposition-notification\n\nFinal-Recipient: rfc822; "
         "a@example.org\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n", "none"},
        {"nothing", "", "none"},
        {"a postmaster's greeting",
         "From: postmaster@example.org\nSubject: Welcome\n\nYour address a@example.org works.\n", "none"},
    };

    (void)state;
    CHECK_ALL(samples);
}

/* A thousand recipients are cut to what the contract has; the text to one line. */
static void everything_has_its_limit(void **state)
{
    struct buffer mail_text;
    struct view bytes;
    struct arena *arena = arena_new();
    struct bounce bounce;
    struct mail mail;

    (void)state;
    buffer_init(&mail_text, MAIL_BYTES);
    buffer_add_string(&mail_text, REPORT STATUS "Reporting-MTA: dns; x\n\n");
    for (int i = 0; i < 1000; i++) {
        buffer_printf(&mail_text, "Final-Recipient: rfc822; a%d@example.org\nAction: failed\n"
                      "Status: 5.2.2\nDiagnostic-Code: smtp; 552 é", i);
        for (int j = 0; i == 0 && j < 2000; j++)
            buffer_add_string(&mail_text, "é\t ");
        buffer_add_string(&mail_text, "\n\n");
    }
    buffer_add_string(&mail_text, RETURNED);
    bytes = data_exact_view(buffer_view(&mail_text));
    mail_read(bytes, arena, &mail);
    assert_true(bounce_read(&mail, arena, &bounce));
    assert_int_equal(bounce.recipient_count, BOUNCE_RECIPIENTS);
    for (size_t i = 0; i < bounce.recipient_count; i++) {
        assert_true(bounce.recipients[i].text.size <= BOUNCE_TEXT_BYTES);
        assert_int_equal(view_find_char(bounce.recipients[i].text, '\n', 0),
                         bounce.recipients[i].text.size);
    }
    data_free(bytes);
    buffer_free(&mail_text);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_read),
        cmocka_unit_test(delays_are_no_failures),
        cmocka_unit_test(successes_are_told),
        cmocka_unit_test(texts_are_read),
        cmocka_unit_test(programs_nobody_thought_of_are_read),
        cmocka_unit_test(dead_is_only_who_is_called_so),
        cmocka_unit_test(notifications_are_read),
        cmocka_unit_test(complaints_are_read),
        cmocka_unit_test(other_mails_are_neither),
        cmocka_unit_test(everything_has_its_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
