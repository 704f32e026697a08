#include "notices/notice.h"

#include <algorithm>
#include <array>

#include "base/check.h"
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

constexpr auto kReminders = std::to_array<std::string_view>({"limit_reached"});

/// An address as one is known by: its domain has no upper case.
std::string folded(std::string_view address) {
    std::string text(address);
    const auto at = text.find('@');
    std::transform(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(),
                   text.begin() + static_cast<std::ptrdiff_t>(at),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
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

constexpr std::string_view kHasOptedOut = "SELECT 1 FROM notice_opt_outs WHERE recipient = $1";
constexpr std::string_view kPost = R"sql(
    INSERT INTO notices (id, kind, obligation, recipient, customer_id, data, state, attempts,
                         next_attempt_at, created_at)
    VALUES ($1, $2, $3, $4, $5, $6, 'pending', 0, $7, $7)
        ON CONFLICT (obligation, recipient) DO NOTHING
)sql";

}  // namespace

bool is_reminder(std::string_view kind) {
    return std::ranges::find(kReminders, kind) != kReminders.end();
}

void post_notice(sql::Transaction& tx, const NoticeDraft& draft, Instant now, IdSource& ids) {
    const auto reader = find_customer(tx, draft.customer.text());
    if (!reader || !reader->email || !is_mail_address(*reader->email)) return;
    const std::string recipient = folded(*reader->email);
    if (is_reminder(draft.kind) && tx.one(kHasOptedOut, {recipient})) return;
    LetterValues values = draft.values;
    values["greeting"] = reader->name ? " " + *reader->name : std::string();
    tx.run(kPost, {ids.make<NoticeId>(now), draft.kind, draft.obligation, recipient, draft.customer,
                   to_text(json_of(values)), now});
}

constexpr std::string_view kClaimNotices = R"sql(
    UPDATE notices
       SET attempts = attempts + 1, next_attempt_at = $2
     WHERE id IN (SELECT id FROM notices
                   WHERE state = 'pending' AND next_attempt_at <= $1
                   ORDER BY next_attempt_at, id
                   LIMIT $3)
    RETURNING id, kind, recipient, data, attempts, created_at
)sql";

std::vector<ClaimedNotice> claim_notices(sql::Transaction& tx, Instant now, Instant lease_end,
                                         int limit) {
    std::vector<ClaimedNotice> claimed;
    for (const auto& row : tx.all(kClaimNotices, {now, lease_end, limit}))
        claimed.push_back({.id = row.id<NoticeId>(0),
                           .kind = row.text(1),
                           .recipient = row.text(2),
                           .values = values_of(row.text(3)),
                           .attempts = row.integer(4),
                           .created_at = row.instant(5)});
    return claimed;
}

constexpr std::string_view kSent = R"sql(
    UPDATE notices SET state = 'sent', ended_at = $3, last_problem = NULL, data = '{}'
     WHERE id = $1 AND attempts = $2 AND state = 'pending'
)sql";

void mark_notice_sent(sql::Transaction& tx, const ClaimedNotice& notice, Instant now) {
    tx.run(kSent, {notice.id, notice.attempts, now});
}

constexpr std::string_view kNotSent = R"sql(
    UPDATE notices
       SET state = $3, next_attempt_at = $4, last_problem = $5,
           ended_at = CASE WHEN $3 = 'failed' THEN $6 ELSE NULL END
     WHERE id = $1 AND attempts = $2 AND state = 'pending'
)sql";

void mark_notice_failed(sql::Transaction& tx, const ClaimedNotice& notice, const Error& error,
                        Instant now) {
    const auto doublings = std::clamp<std::int64_t>(notice.attempts - 1, 0, 10);
    const Duration wait = std::min(kRetryMax, kFirstRetry * (std::int64_t{1} << doublings));
    const bool is_over =
        error.code == ErrorCode::Unprocessable || now + wait - notice.created_at > kGiveUpAfter;
    tx.run(kNotSent, {notice.id, notice.attempts, is_over ? "failed" : "pending", now + wait,
                      error.message.substr(0, kProblemBytesMax), now});
}

constexpr std::string_view kGiveUp = R"sql(
    UPDATE notices SET state = 'failed', ended_at = $2, last_problem = 'nobody could send it'
     WHERE state = 'pending' AND created_at < $1
)sql";
constexpr std::string_view kForget = R"sql(
    DELETE FROM notices WHERE state <> 'pending' AND ended_at < $1
)sql";

std::int64_t sweep_notices(sql::Transaction& tx, Instant now) {
    return tx.run(kGiveUp, {now - kGiveUpAfter, now}) + tx.run(kForget, {now - kForgetAfter});
}

constexpr std::string_view kOptOut = R"sql(
    INSERT INTO notice_opt_outs (recipient, created_at) VALUES ($1, $2)
        ON CONFLICT (recipient) DO NOTHING
)sql";

void opt_out(sql::Transaction& tx, std::string_view recipient, Instant now) {
    tx.run(kOptOut, {recipient, now});
}

}  // namespace turnpike
