#include "people/sign_in_guard.h"

#include <algorithm>

#include "http/client_address.h"

namespace turnpike {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

/// Somebody who has forgotten which password it was tries a handful.
constexpr BackOffRule kPair{5, seconds(1), minutes(15), hours(24)};
/// What a net of addresses may try on one account, together: one a minute in the end.
constexpr BackOffRule kAccount{20, seconds(1), minutes(1), hours(24)};
/// An office behind one address mistypes more.
constexpr BackOffRule kPeer{50, seconds(1), minutes(15), hours(1)};

std::string pair_text(const SignInGuard::Attempt& attempt) {
    return attempt.account + "\n" + http::limited_peer(attempt.peer);
}

}  // namespace

SignInGuard::SignInGuard(std::size_t capacity) : key_(random_sip_key()), back_offs_(capacity) {}

Digest128 SignInGuard::key_of(std::string_view kind, std::string_view text) const {
    return siphash128(key_, std::string(kind) + "\n" + std::string(text));
}

std::optional<Duration> SignInGuard::count(const Digest128& key, const BackOffRule& rule,
                                           Instant now) {
    return back_offs_.update(key, BackOff{},
                             [&](BackOff& back_off) { return begin_attempt(back_off, rule, now); });
}

void SignInGuard::forgive(const Digest128& key, Instant began) {
    back_offs_.look(key, [&](BackOff* back_off) {
        if (back_off != nullptr) forgive_one(*back_off, began);
    });
}

Result<void> SignInGuard::begin(const Attempt& attempt, Peer familiar, Instant now) {
    auto wait = count(key_of("pair", pair_text(attempt)), kPair, now);
    if (!wait) wait = count(key_of("peer", http::limited_peer(attempt.peer)), kPeer, now);
    if (!wait && familiar == Peer::Strange)
        wait = count(key_of("account", attempt.account), kAccount, now);
    if (!wait) return {};
    Error error{ErrorCode::LimitExceeded, "people.too_many_attempts",
                "too many attempts; wait a moment"};
    error.retry_after_s =
        static_cast<int>(std::max<std::int64_t>(1, std::chrono::ceil<seconds>(*wait).count()));
    return std::unexpected(std::move(error));
}

void SignInGuard::succeeded(const Attempt& attempt, Peer familiar, Instant began) {
    back_offs_.look(key_of("pair", pair_text(attempt)), [](BackOff* back_off) {
        if (back_off != nullptr) *back_off = {};
    });
    forgive(key_of("peer", http::limited_peer(attempt.peer)), began);
    if (familiar == Peer::Strange) forgive(key_of("account", attempt.account), began);
}

}  // namespace turnpike
