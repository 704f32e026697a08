#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "json/json.h"
#include "sandbox/stripe/wire/stripe_error.h"

namespace turnpike::twin {

/// How an issuer says no. Texts and codes as Stripe's test mode answers them.
struct Decline {
    std::string_view code;                  ///< "card_declined", "expired_card", ...
    std::string_view decline_code;          ///< "insufficient_funds"; "" for codes that have none
    std::string_view network_decline_code;  ///< "01"; "" when the network was not asked
    std::string_view advice_code;           ///< "try_again_later", "do_not_try_again", ...
    std::string_view message;
};

/// When the bank asks the cardholder (3-D Secure).
enum class Authentication : std::uint8_t {
    Never,
    UnlessSetUp,    ///< until a SetupIntent or an on-session payment has authenticated it
    OnSessionOnly,  ///< was set up elsewhere: off-session passes, on-session asks
    Always,         ///< off-session charges answer authentication_required
};

enum class RefundOutcome : std::uint8_t { Succeeds, PendingThenSucceeds, SucceedsThenFails };

/// What the cardholder claims about a charge that succeeded.
enum class CardholderClaim : std::uint8_t {
    None,
    Fraud,
    NotReceived,
    FraudInquiry,  ///< the bank only asks: no money moves
};

/// What Radar thinks of a charge, at Stripe's default rules: it blocks what is highest.
enum class Risk : std::uint8_t { Normal, Elevated, Highest };

/// What the bank says to what the cardholder typed: "pass", "fail", "unavailable"; "" if nothing.
struct CardChecks {
    std::string_view cvc = "pass";
    std::string_view postal_code = "";
    std::string_view line1 = "";
};

/// One of Stripe's published test cards (https://docs.stripe.com/testing). What the card does is
/// the whole issuer of the sandbox.
struct TestCard {
    std::string_view number;
    /// "pm_card_visa"; the token is "tok_visa". A card that is published as a token only is named
    /// by that: its number is of another card, and does not lead here.
    std::string_view name;
    std::string_view alias;  ///< a second published name; "" if none
    std::string_view brand;
    std::string_view funding;
    const Decline* on_attach = nullptr;  ///< null: attaches
    const Decline* on_charge = nullptr;  ///< null: the charge succeeds (after authentication)
    Authentication authentication = Authentication::Never;
    RefundOutcome refund = RefundOutcome::Succeeds;
    std::string_view country = "US";  ///< of the issuing bank, ISO 3166-1 alpha-2
    CardholderClaim claim = CardholderClaim::None;
    Risk risk = Risk::Normal;
    CardChecks checks{};
    std::string_view co_brand = "";  ///< "cartes_bancaires": what else it can be charged through

    [[nodiscard]] std::string_view last4() const { return number.substr(number.size() - 4); }
    /// As a payment page names the brand: "american_express" for "amex".
    [[nodiscard]] std::string_view display_brand() const;
};

std::span<const TestCard> test_cards();
/// By number; nullptr for a number that is not a test card, or one that the sandbox lacks.
const TestCard* card_by_number(std::string_view number);
/// A test card or test account of Stripe's that the sandbox does not have, because it does what
/// nothing here does: by number, "pm_..." or "tok_...".
bool is_lacking(std::string_view number_or_name);
/// 400: the sandbox says so.
Refusal lacking_refusal(std::string_view number_or_name, const std::string& param);
/// By "pm_card_..." or "tok_..."; nullptr for any other text.
const TestCard* card_by_name(std::string_view name);
/// The card behind a payment method document (its private member "_card"); nullptr if it has none.
const TestCard* card_of_payment_method(const Json& payment_method);

/// The issuer's refusal of an off-session charge that needs authentication.
const Decline& authentication_required();
/// A card number that fails the Luhn check.
const Decline& incorrect_number();

/// 402 card_error with everything the decline says.
Refusal declined(const Decline& decline);

}  // namespace turnpike::twin
