#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "base/time.h"

namespace turnpike {

template <std::size_t N>
struct IdPrefix {
    char text[N]{};
    consteval IdPrefix(const char (&literal)[N]) { std::copy_n(literal, N, text); }
    [[nodiscard]] constexpr std::string_view view() const { return {text, N - 1}; }
    friend bool operator==(const IdPrefix&, const IdPrefix&) = default;
};

/// True for `prefix_` followed by 26 characters of Crockford base32 in upper case.
bool is_id_text(std::string_view prefix, std::string_view text);

/// An object's name: prefix, time and randomness in the text, the kind in the type, so that ids of
/// two kinds cannot be swapped. Sorts by creation time.
template <IdPrefix Prefix>
class Id {
public:
    static constexpr std::string_view kPrefix = Prefix.view();

    /// nullopt unless `text` is a well-formed id of this kind.
    static std::optional<Id> parse(std::string_view text) {
        if (!is_id_text(kPrefix, text)) return std::nullopt;
        return Id(std::string(text));
    }
    /// For values read back from our own database.
    static Id trusted(std::string text) { return Id(std::move(text)); }

    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const Id&, const Id&) = default;

private:
    explicit Id(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

using CustomerId = Id<"cus">;
using PlanId = Id<"plan">;
using PlanVersionId = Id<"pv">;
using PriceId = Id<"price">;
using SubscriptionId = Id<"sub">;
using InvoiceId = Id<"inv">;
using InvoiceLineId = Id<"il">;
using IntentId = Id<"int">;
using ApiKeyId = Id<"key">;
using UsageEventId = Id<"ue">;
using UsageAlertId = Id<"ual">;
using AuditEventId = Id<"aud">;
using InboxEventId = Id<"whin">;
using TestClockId = Id<"clock">;
using OverageChargeId = Id<"ovc">;
using UserId = Id<"usr">;
using SessionId = Id<"ses">;
using PasswordResetId = Id<"pwr">;
using OrganizationId = Id<"org">;
using InvitationId = Id<"ivt">;
using ProjectId = Id<"prj">;
using MailId = Id<"mail">;

/// Makes new ids: 48 bits of milliseconds, 80 of randomness, as 26 characters.
class IdSource {
public:
    virtual ~IdSource() = default;
    template <class T>
    T make(Instant now) {
        return T::trusted(std::string(T::kPrefix) + "_" + body(now));
    }
    /// The 26 characters without a prefix.
    virtual std::string body(Instant now) = 0;
};

/// Randomness from the system. Thread-safe.
class RandomIdSource final : public IdSource {
public:
    std::string body(Instant now) override;
};

/// The same sequence for the same seed; for tests and simulations. Not thread-safe.
class SeededIdSource final : public IdSource {
public:
    explicit SeededIdSource(std::uint64_t seed) : random_(seed) {}
    std::string body(Instant now) override;

private:
    std::mt19937_64 random_;
};

}  // namespace turnpike
