#include "sandbox/stripe/cards/test_cards.h"

#include <algorithm>
#include <array>
#include <string>

#include "json/value.h"

namespace turnpike::twin {
namespace {

// The network code and advice of the generic decline are recorded; the others follow Stripe's
// published table of advice codes.
constexpr Decline kGeneric{"card_declined", "generic_decline", "01", "try_again_later",
                           "Your card was declined."};
constexpr Decline kInsufficientFunds{"card_declined", "insufficient_funds", "51", "try_again_later",
                                     "Your card has insufficient funds."};
constexpr Decline kLost{"card_declined", "lost_card", "41", "do_not_try_again",
                        "Your card was declined."};
constexpr Decline kStolen{"card_declined", "stolen_card", "43", "do_not_try_again",
                          "Your card was declined."};
constexpr Decline kVelocity{"card_declined", "card_velocity_exceeded", "65", "try_again_later",
                            "Your card was declined for making repeated attempts too frequently or "
                            "exceeding its amount limit."};
constexpr Decline kFraudulent{"card_declined", "fraudulent", "", "do_not_try_again",
                              "Your card was declined."};
constexpr Decline kExpired{"expired_card", "", "54", "do_not_try_again", "Your card has expired."};
constexpr Decline kIncorrectCvc{"incorrect_cvc", "", "", "confirm_card_data",
                                "Your card's security code is incorrect."};
constexpr Decline kProcessing{"processing_error", "", "96", "try_again_later",
                              "An error occurred while processing your card. Try again in a little "
                              "bit."};
constexpr Decline kIncorrectNumber{"incorrect_number", "", "", "confirm_card_data",
                                   "Your card number is incorrect."};
constexpr Decline kAuthenticationRequired{
    "authentication_required", "authentication_required", "1A", "",
    "Your card was declined. This transaction requires authentication."};

constexpr TestCard ok(std::string_view number, std::string_view name, std::string_view brand,
                      std::string_view funding) {
    return {.number = number, .name = name, .alias = "", .brand = brand, .funding = funding};
}
constexpr TestCard declines(std::string_view number, std::string_view name, std::string_view alias,
                            const Decline& decline) {
    return {.number = number,
            .name = name,
            .alias = alias,
            .brand = "visa",
            .funding = "credit",
            .on_attach = &decline,
            .on_charge = &decline};
}
constexpr TestCard asks(std::string_view number, std::string_view name, Authentication when,
                        std::string_view country, const Decline* on_charge = nullptr) {
    return {.number = number,
            .name = name,
            .alias = "",
            .brand = "visa",
            .funding = "credit",
            .on_charge = on_charge,
            .authentication = when,
            .country = country};
}
constexpr TestCard issued_in(std::string_view country, std::string_view number,
                             std::string_view name) {
    return {.number = number,
            .name = name,
            .alias = "",
            .brand = "visa",
            .funding = "credit",
            .country = country};
}
constexpr TestCard refunds(std::string_view number, std::string_view name, RefundOutcome refund) {
    return {.number = number,
            .name = name,
            .alias = "",
            .brand = "visa",
            .funding = "credit",
            .refund = refund};
}
constexpr TestCard disputes(std::string_view number, std::string_view name, CardholderClaim claim) {
    return {.number = number,
            .name = name,
            .alias = "",
            .brand = "visa",
            .funding = "credit",
            .claim = claim};
}

constexpr auto kCards = std::to_array<TestCard>({
    ok("4242424242424242", "pm_card_visa", "visa", "credit"),
    ok("4000056655665556", "pm_card_visa_debit", "visa", "debit"),
    ok("5555555555554444", "pm_card_mastercard", "mastercard", "credit"),
    ok("5200828282828210", "pm_card_mastercard_debit", "mastercard", "debit"),
    ok("5105105105105100", "pm_card_mastercard_prepaid", "mastercard", "prepaid"),
    // The numbers of these two names are recorded. The other numbers are published without a name;
    // theirs are this sandbox's.
    ok("371449635398431", "pm_card_amex", "amex", "credit"),
    ok("6011000990139424", "pm_card_discover", "discover", "credit"),
    ok("378282246310005", "pm_card_amex_0005", "amex", "credit"),
    ok("6011111111111117", "pm_card_discover_1117", "discover", "credit"),
    ok("3056930009020004", "pm_card_diners", "diners", "credit"),
    ok("3566002020360505", "pm_card_jcb", "jcb", "credit"),
    ok("6200000000000005", "pm_card_unionpay", "unionpay", "credit"),
    issued_in("AU", "4000000360000006", "pm_card_au"),
    issued_in("BR", "4000000760000002", "pm_card_br"),
    issued_in("CA", "4000001240000000", "pm_card_ca"),
    issued_in("DE", "4000002760000016", "pm_card_de"),
    issued_in("ES", "4000007240000007", "pm_card_es"),
    issued_in("FR", "4000002500000003", "pm_card_fr"),
    issued_in("GB", "4000008260000000", "pm_card_gb"),
    issued_in("IN", "4000003560000008", "pm_card_in"),
    issued_in("JP", "4000003920000003", "pm_card_jp"),
    issued_in("MX", "4000004840008001", "pm_card_mx"),
    issued_in("SG", "4000007020000003", "pm_card_sg"),
    ok("4000000000000077", "pm_card_bypassPending", "visa", "credit"),

    declines("4000000000000002", "pm_card_chargeDeclined", "pm_card_visa_chargeDeclined", kGeneric),
    declines("4000000000009995", "pm_card_chargeDeclinedInsufficientFunds",
             "pm_card_visa_chargeDeclinedInsufficientFunds", kInsufficientFunds),
    declines("4000000000009987", "pm_card_chargeDeclinedLostCard",
             "pm_card_visa_chargeDeclinedLostCard", kLost),
    declines("4000000000009979", "pm_card_chargeDeclinedStolenCard",
             "pm_card_visa_chargeDeclinedStolenCard", kStolen),
    declines("4000000000006975", "pm_card_chargeDeclinedVelocityLimitExceeded",
             "pm_card_visa_chargeDeclinedVelocityLimitExceeded", kVelocity),
    declines("4100000000000019", "pm_card_chargeDeclinedFraudulent", "pm_card_riskLevelHighest",
             kFraudulent),
    declines("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "", kExpired),
    declines("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "", kIncorrectCvc),
    declines("4000000000000119", "pm_card_chargeDeclinedProcessingError", "", kProcessing),

    {.number = "4000000000000341",
     .name = "pm_card_chargeCustomerFail",
     .alias = "pm_card_visa_chargeCustomerFail",
     .brand = "visa",
     .funding = "credit",
     .on_charge = &kGeneric},

    asks("4000002500003155", "pm_card_authenticationRequiredOnSetup", Authentication::UnlessSetUp,
         "FR"),
    asks("4000002760003184", "pm_card_authenticationRequired", Authentication::Always, "DE"),
    asks("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession",
         Authentication::OnSessionOnly, "IT"),
    asks("4000008260003178", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
         Authentication::Always, "GB", &kInsufficientFunds),
    asks("4000000000003220", "pm_card_threeDSecure2Required", Authentication::Always, "US"),
    asks("4000000000003063", "pm_card_threeDSecureRequired", Authentication::Always, "US"),

    refunds("4000000000007726", "pm_card_pendingRefund", RefundOutcome::PendingThenSucceeds),
    refunds("4000000000005126", "pm_card_refundFail", RefundOutcome::SucceedsThenFails),

    disputes("4000000000000259", "pm_card_createDispute", CardholderClaim::Fraud),
    disputes("4000000000002685", "pm_card_createDisputeProductNotReceived",
             CardholderClaim::NotReceived),
    disputes("4000000000001976", "pm_card_createDisputeInquiry", CardholderClaim::FraudInquiry),
});

constexpr std::string_view kMethodPrefix = "pm_card_";
constexpr std::string_view kTokenPrefix = "tok_";

bool is_named(const TestCard& card, std::string_view suffix) {
    const auto matches = [&](std::string_view name) {
        return name.starts_with(kMethodPrefix) && name.substr(kMethodPrefix.size()) == suffix;
    };
    return matches(card.name) || matches(card.alias);
}

template <class Predicate>
const TestCard* first_card(Predicate wanted) {
    const auto found = std::ranges::find_if(kCards, wanted);
    return found == kCards.end() ? nullptr : &*found;
}

}  // namespace

std::string_view TestCard::display_brand() const {
    if (brand == "amex") return "american_express";
    if (brand == "diners") return "diners_club";
    if (brand == "unionpay") return "union_pay";
    return brand;
}

std::span<const TestCard> test_cards() { return kCards; }

const TestCard* card_by_number(std::string_view number) {
    return first_card([&](const TestCard& card) { return card.number == number; });
}

const TestCard* card_by_name(std::string_view name) {
    std::string_view suffix;
    if (name.starts_with(kMethodPrefix)) {
        suffix = name.substr(kMethodPrefix.size());
    } else if (name.starts_with(kTokenPrefix)) {
        suffix = name.substr(kTokenPrefix.size());
    }
    if (suffix.empty()) return nullptr;
    return first_card([&](const TestCard& card) { return is_named(card, suffix); });
}

const TestCard* card_of_payment_method(const Json& payment_method) {
    const auto name = payment_method.find("_card");
    if (name == payment_method.end() || !name->is_string()) return nullptr;
    return card_by_name(name->get_ref<const std::string&>());
}

const Decline& authentication_required() { return kAuthenticationRequired; }
const Decline& incorrect_number() { return kIncorrectNumber; }

Refusal declined(const Decline& decline) {
    auto refusal = card_error(std::string(decline.code), std::string(decline.decline_code),
                              std::string(decline.message));
    Json& extra = refusal.error().extra;
    extra = Json::object();
    if (!decline.advice_code.empty()) extra["advice_code"] = std::string(decline.advice_code);
    if (!decline.network_decline_code.empty())
        extra["network_decline_code"] = std::string(decline.network_decline_code);
    return refusal;
}

}  // namespace turnpike::twin
