#include "notices/notice.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "base/free_text.h"
#include "base/letter_case.h"
#include "base/mail_address.h"
#include "customers/service.h"
#include "json/value.h"

namespace turnpike {
namespace {

using namespace std::chrono_literals;

constexpr Duration kGiveUpAfter = 72h;
constexpr Duration kForgetAfter = 24h * 30;
constexpr Duration kFirstRetry = 1min;
constexpr Duration kRetryMax = 6h;
constexpr std::size_t kProblemBytesMax = 300;

constexpr auto kReminders = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"card_expiring", "cards that will not be good at your next payment"},
    {"limit_reached", "how much of your plan you have used"},
    {"recommendation", "plans that would have cost you less"},
});

/// An address as one is known by: composed, and its domain has no upper case.
std::string folded(std::string_view address) {
    const auto at = std::min(address.find('@'), address.size());
    return in_nfc(address.substr(0, at)) + lower_case(address.substr(at));
}

Json json_of(const LetterValues& values) {
    Json json = Json::object();
    for (const auto& [name, value] : values) json[name] = value;
    return json;
}

LetterValues values_of(const std::string& text) {
    const auto json = parse_json(text);
    check(json.has_value(), "a notice's values are JSON");
    LetterValues values;
    for (const auto& [name, value] : json->items()) values[name] = value.get<std::string>();
    return values;
}

constexpr std::string_view kSealedColumn = "notices.sealed_data";
constexpr std::string_view kHasOptedOut = R"sql(
    SELECT 1 FROM notice_opt_outs
     WHERE recipient = $1 AND customer_id = $2 AND kind IN ($3, $4)
)sql";
constexpr std::string_view kPost = R"sql(
    INSERT INTO notices (id, kind, obligation, recipient, customer_id, data, state, attempts,
                         next_attempt_at, give_up_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $8, $7)
        ON CONFLICT (obligation, recipient) DO NOTHING
)sql";
constexpr std::string_view kPostSealed = R"sql(
    INSERT INTO notices (id, kind, obligation, recipient, data, sealed_data, state, attempts,
                         next_attempt_at, give_up_at, created_at)
    VALUES ($1, $2, $3, $4, '{}', $5, 'pending', 0, $6, $7, $6)
)sql";

}  // namespace

bool is_reminder(std::string_view kind) { return !reminder_words(kind).empty(); }

std::string_view reminder_words(std::string_view kind) {
    for (const auto& [name, words] : kReminders)
        if (name == kind) return words;
    return "";
}

bool is_told(sql::Transaction& tx, std::string_view obligation) {
    return tx.one("SELECT 1 FROM notices WHERE obligation = $1 LIMIT 1", {obligation}).has_value();
}

void post_notice(sql::Transaction& tx, const NoticeDraft& draft, Instant now, IdSource& ids) {
    const auto reader = find_customer(tx, draft.customer.text());
    if (!reader || !reader->email || !is_mail_address(*reader->email)) return;
    const std::string recipient = folded(*reader->email);
    if (is_reminder(draft.kind) &&
        tx.one(kHasOptedOut, {recipient, draft.customer, draft.kind, kAllReminders}))
        return;
    LetterValues values = draft.values;
    values["greeting"] = reader->name ? " " + *reader->name : std::string();
    tx.run(kPost, {ids.make<NoticeId>(now), draft.kind, draft.obligation, recipient, draft.customer,
                   to_text(json_of(values)), now, now + kGiveUpAfter});
}

NoticeId post_letter(sql::Transaction& tx, const SecretBox& box, const SecretLetter& letter,
                     Instant now, IdSource& ids) {
    auto id = ids.make<NoticeId>(now);
    const Secret data(to_text(json_of(letter.values)));
    tx.run(kPostSealed, {id, letter.kind, letter.obligation, folded(letter.recipient),
                         box.seal({kSealedColumn, id.text()}, data), now,
                         std::min(letter.good_until, now + kGiveUpAfter)});
    return id;
}

constexpr std::string_view kTakeBack = R"sql(
    UPDATE notices
       SET state = 'failed', ended_at = $2, last_problem = 'taken back', data = '{}',
           sealed_data = NULL
     WHERE obligation = $1 AND state = 'pending'
)sql";

void take_back_letters(sql::Transaction& tx, std::string_view obligation, Instant now) {
    tx.run(kTakeBack, {obligation, now});
}

constexpr std::string_view kTakeBackOf = R"sql(
    UPDATE notices
       SET state = 'failed', ended_at = $3, last_problem = 'taken back', data = '{}',
           sealed_data = NULL
     WHERE customer_id = $1 AND state = 'pending'
       AND substr(obligation, 1, length(CAST($2 AS TEXT))) = $2
)sql";

std::int64_t take_back_letters_of(sql::Transaction& tx, const LettersOf& letters, Instant now) {
    return tx.run(kTakeBackOf, {letters.customer, letters.obligations_begin, now});
}

void unpost_letter(sql::Transaction& tx, const NoticeId& id) {
    tx.run("DELETE FROM notices WHERE id = $1", {id});
}

constexpr std::string_view kClaimNotices = R"sql(
    UPDATE notices
       SET attempts = attempts + 1, next_attempt_at = $2
     WHERE id IN (SELECT id FROM notices
                   WHERE state = 'pending' AND next_attempt_at <= $1
                   ORDER BY next_attempt_at, id
                   LIMIT $3)
    RETURNING id, kind, recipient, data, sealed_data, attempts, created_at, give_up_at, customer_id
)sql";

std::vector<ClaimedNotice> claim_notices(sql::Transaction& tx, Instant now, Instant lease_end,
                                         int limit) {
    std::vector<ClaimedNotice> claimed;
    for (const auto& row : tx.all(kClaimNotices, {now, lease_end, limit}))
        claimed.push_back(
            {.id = row.id<NoticeId>(0),
             .kind = row.text(1),
             .recipient = row.text(2),
             .values = values_of(row.text(3)),
             .sealed = row.maybe_text(4).value_or(""),
             .customer = row.is_null(8) ? std::optional<CustomerId>() : row.id<CustomerId>(8),
             .attempts = row.integer(5),
             .created_at = row.instant(6),
             .give_up_at = row.instant(7)});
    // What an update returns has no order.
    const auto age = [](const ClaimedNotice& one) { return std::pair(one.created_at, one.id); };
    std::ranges::sort(claimed, {}, age);
    return claimed;
}

Result<LetterValues> open_values(const SecretBox& box, const ClaimedNotice& notice) {
    LetterValues values = notice.values;
    if (notice.sealed.empty()) return values;
    const auto opened = box.open({kSealedColumn, notice.id.text()}, notice.sealed);
    if (!opened) return failure(opened);
    values.merge(values_of(opened->reveal()));
    return values;
}

constexpr std::string_view kSent = R"sql(
    UPDATE notices
       SET state = 'sent', ended_at = $3, last_problem = NULL, data = '{}', sealed_data = NULL
     WHERE id = $1 AND attempts = $2 AND state = 'pending'
)sql";

void mark_notice_sent(sql::Transaction& tx, const ClaimedNotice& notice, Instant now) {
    tx.run(kSent, {notice.id, notice.attempts, now});
}

constexpr std::string_view kNotSent = R"sql(
    UPDATE notices
       SET next_attempt_at = $3, last_problem = $4
     WHERE id = $1 AND attempts = $2 AND state = 'pending'
)sql";
constexpr std::string_view kNeverSent = R"sql(
    UPDATE notices
       SET state = 'failed', ended_at = $3, last_problem = $4, data = '{}', sealed_data = NULL
     WHERE id = $1 AND attempts = $2 AND state = 'pending'
)sql";

void mark_notice_failed(sql::Transaction& tx, const ClaimedNotice& notice, const Error& error,
                        Instant now) {
    const auto doublings = std::clamp<std::int64_t>(notice.attempts - 1, 0, 10);
    const Duration wait = std::min(kRetryMax, kFirstRetry * (std::int64_t{1} << doublings));
    const std::string problem = error.message.substr(0, kProblemBytesMax);
    if (error.code == ErrorCode::Unprocessable || now + wait > notice.give_up_at)
        tx.run(kNeverSent, {notice.id, notice.attempts, now, problem});
    else
        tx.run(kNotSent, {notice.id, notice.attempts, now + wait, problem});
}

constexpr std::string_view kGiveUp = R"sql(
    UPDATE notices
       SET state = 'failed', ended_at = $1, last_problem = 'nobody could send it', data = '{}',
           sealed_data = NULL
     WHERE state = 'pending' AND give_up_at < $1
)sql";
constexpr std::string_view kForget = R"sql(
    DELETE FROM notices WHERE state <> 'pending' AND ended_at < $1
)sql";

std::int64_t sweep_notices(sql::Transaction& tx, Instant now) {
    return tx.run(kGiveUp, {now}) + tx.run(kForget, {now - kForgetAfter});
}

constexpr std::string_view kOptOut = R"sql(
    INSERT INTO notice_opt_outs (recipient, customer_id, kind, created_at)
    VALUES ($1, $2, $3, $4)
        ON CONFLICT (recipient, customer_id, kind) DO NOTHING
)sql";

void opt_out(sql::Transaction& tx, const OptOut& wish, Instant now) {
    tx.run(kOptOut, {wish.recipient, wish.customer, wish.kind, now});
}

}  // namespace turnpike
