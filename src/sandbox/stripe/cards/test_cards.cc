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
                      std::string_view funding, std::string_view country = "US") {
    return {.number = number,
            .name = name,
            .alias = "",
            .brand = brand,
            .funding = funding,
            .country = country};
}
constexpr TestCard visa(std::string_view number, std::string_view name,
                        std::string_view alias = "") {
    TestCard card = ok(number, name, "visa", "credit");
    card.alias = alias;
    return card;
}
constexpr TestCard debit(std::string_view number, std::string_view name, std::string_view alias) {
    TestCard card = visa(number, name, alias);
    card.funding = "debit";
    return card;
}
constexpr TestCard issued_in(std::string_view country, std::string_view number,
                             std::string_view name) {
    return ok(number, name, "visa", "credit", country);
}
constexpr TestCard declines(std::string_view number, std::string_view name, std::string_view alias,
                            const Decline& decline, Risk risk = Risk::Normal) {
    TestCard card = visa(number, name, alias);
    card.on_attach = card.on_charge = &decline;
    card.risk = risk;
    return card;
}
constexpr TestCard asks(std::string_view number, std::string_view name, Authentication when,
                        std::string_view country, const Decline* on_charge = nullptr) {
    TestCard card = issued_in(country, number, name);
    card.on_charge = on_charge;
    card.authentication = when;
    return card;
}
constexpr TestCard rated(std::string_view number, std::string_view name, Risk risk,
                         const Decline* on_charge = nullptr) {
    TestCard card = visa(number, name);
    card.on_charge = on_charge;
    card.risk = risk;
    return card;
}
constexpr TestCard checks(std::string_view number, std::string_view name, CardChecks checks,
                          Risk risk = Risk::Normal) {
    TestCard card = visa(number, name);
    card.checks = checks;
    card.risk = risk;
    return card;
}
/// Attaches, and declines every charge.
constexpr TestCard declines_later(std::string_view number, std::string_view name,
                                  std::string_view alias, const Decline& decline) {
    TestCard card = visa(number, name, alias);
    card.on_charge = &decline;
    return card;
}
constexpr TestCard empty_debit_card(std::string_view number, std::string_view name) {
    TestCard card = ok(number, name, "visa", "debit");
    card.on_attach = card.on_charge = &kInsufficientFunds;
    return card;
}
constexpr TestCard refunds(std::string_view number, std::string_view name, RefundOutcome refund) {
    TestCard card = visa(number, name);
    card.refund = refund;
    return card;
}
constexpr TestCard disputes(std::string_view number, std::string_view name, CardholderClaim claim,
                            std::string_view brand = "visa") {
    TestCard card = ok(number, name, brand, "credit");
    card.claim = claim;
    return card;
}
constexpr TestCard co_branded(std::string_view number, std::string_view name,
                              std::string_view brand, std::string_view co_brand) {
    const bool french = co_brand == "cartes_bancaires";
    TestCard card = ok(number, name, brand, french ? "credit" : "debit", french ? "FR" : "AU");
    card.co_brand = co_brand;
    return card;
}

/// What these do, nothing here does: early fraud warnings, several disputes of one charge, disputes
/// that cost a fee to contest.
constexpr std::string_view kLacking[] = {
    "4000000000005423", "createIssuerFraudRecord",
    "4000000404000079", "createMultipleDisputes",
    "4000008400000779", "createComplianceDispute",
    "5105008400000002", "createMastercardComplianceDispute",
};
/// Bank accounts that are published by name.
constexpr std::string_view kLackingAccounts[] = {"pm_usBankAccount_", "pm_sepaDebit_",
                                                 "pm_bacsDebit_", "pm_auBecsDebit_"};

/// Published beside the names in the table below; a token where only that is.
struct FurtherName {
    std::string_view name, card;
};
constexpr FurtherName kFurtherNames[] = {
    {"tok_visa_chargeDeclinedExpiredCard", "pm_card_chargeDeclinedExpiredCard"},
    {"tok_visa_chargeDeclinedFraudulent", "pm_card_chargeDeclinedFraudulent"},
    {"tok_visa_chargeDeclinedIncorrectCvc", "pm_card_chargeDeclinedIncorrectCvc"},
    {"tok_visa_chargeDeclinedProcessingError", "pm_card_chargeDeclinedProcessingError"},
    {"tok_visa_createDispute", "pm_card_createDispute"},
    {"tok_visa_createDisputeInquiry", "pm_card_createDisputeInquiry"},
    {"tok_visa_createDisputeProductNotReceived", "pm_card_createDisputeProductNotReceived"},
};

constexpr auto kCards = std::to_array<TestCard>({
    visa("4242424242424242", "pm_card_visa", "pm_card_us"),
    ok("4000056655665556", "pm_card_visa_debit", "visa", "debit"),
    ok("5555555555554444", "pm_card_mastercard", "mastercard", "credit"),
    ok("5200828282828210", "pm_card_mastercard_debit", "mastercard", "debit"),
    ok("5105105105105100", "pm_card_mastercard_prepaid", "mastercard", "prepaid"),
    // The numbers of these two names are recorded. Where a number is published without a name, the
    // name is this sandbox's, here and below.
    ok("371449635398431", "pm_card_amex", "amex", "credit"),
    ok("6011000990139424", "pm_card_discover", "discover", "credit"),
    ok("378282246310005", "pm_card_amex_threeDSecureNotSupported", "amex", "credit"),
    ok("6011111111111117", "pm_card_discover_1117", "discover", "credit"),
    ok("3056930009020004", "pm_card_diners", "diners", "credit"),
    ok("3566002020360505", "pm_card_jcb", "jcb", "credit"),
    ok("6200000000000005", "pm_card_unionpay", "unionpay", "credit"),
    ok("2223003122003222", "pm_card_mastercard_3222", "mastercard", "credit"),
    ok("6011981111111113", "pm_card_discover_debit", "discover", "debit"),
    ok("36227206271667", "pm_card_diners_1667", "diners", "credit"),
    ok("6555900000604105", "pm_card_discover_4105", "discover", "credit"),
    ok("6200000000000047", "pm_card_unionpay_debit", "unionpay", "debit"),
    ok("6205500000000000004", "pm_card_unionpay_19", "unionpay", "credit"),
    co_branded("4000002500001001", "pm_card_visa_cartesBancaires", "visa", "cartes_bancaires"),
    co_branded("5555552500001001", "pm_card_mastercard_cartesBancaires", "mastercard",
               "cartes_bancaires"),
    co_branded("4000050360000001", "pm_card_visa_debit_eftposAuCoBranded", "visa", "eftpos_au"),
    co_branded("5555050360000080", "pm_card_mastercard_debit_eftposAuCoBranded", "mastercard",
               "eftpos_au"),
    // The page gives one number for an account of either kind.
    debit("4000051230000072", "pm_card_debit_visaFsaProductCode",
          "pm_card_debit_visaHsaProductCode"),
    ok("5200828282828897", "pm_card_mastercard_debit_mastercardFsaProductCode", "mastercard",
       "debit"),
    issued_in("AE", "4000007840000001", "pm_card_ae"),
    issued_in("AR", "4000000320000021", "pm_card_ar"),
    issued_in("AT", "4000000400000008", "pm_card_at"),
    issued_in("AU", "4000000360000006", "pm_card_au"),
    issued_in("BE", "4000000560000004", "pm_card_be"),
    issued_in("BG", "4000001000000000", "pm_card_bg"),
    issued_in("BR", "4000000760000002", "pm_card_br"),
    issued_in("BY", "4000001120000005", "pm_card_by"),
    issued_in("CA", "4000001240000000", "pm_card_ca"),
    issued_in("CH", "4000007560000009", "pm_card_ch"),
    issued_in("CL", "4000001520000001", "pm_card_cl"),
    issued_in("CN", "4000001560000002", "pm_card_cn"),
    issued_in("CO", "4000001700000003", "pm_card_co"),
    issued_in("CR", "4000001880000005", "pm_card_cr"),
    issued_in("CY", "4000001960000008", "pm_card_cy"),
    issued_in("CZ", "4000002030000002", "pm_card_cz"),
    issued_in("DE", "4000002760000016", "pm_card_de"),
    issued_in("DK", "4000002080000001", "pm_card_dk"),
    issued_in("EC", "4000002180000000", "pm_card_ec"),
    issued_in("EE", "4000002330000009", "pm_card_ee"),
    issued_in("ES", "4000007240000007", "pm_card_es"),
    issued_in("FI", "4000002460000001", "pm_card_fi"),
    issued_in("FR", "4000002500000003", "pm_card_fr"),
    issued_in("GB", "4000008260000000", "pm_card_gb"),
    issued_in("GI", "4000002920000005", "pm_card_gi"),
    issued_in("GR", "4000003000000030", "pm_card_gr"),
    issued_in("HK", "4000003440000004", "pm_card_hk"),
    issued_in("HR", "4000001910000009", "pm_card_hr"),
    issued_in("HU", "4000003480000005", "pm_card_hu"),
    issued_in("IE", "4000003720000005", "pm_card_ie"),
    issued_in("IN", "4000003560000008", "pm_card_in"),
    issued_in("IT", "4000003800000008", "pm_card_it"),
    issued_in("JP", "4000003920000003", "pm_card_jp"),
    issued_in("LI", "4000004380000004", "pm_card_li"),
    issued_in("LT", "4000004400000000", "pm_card_lt"),
    issued_in("LU", "4000004420000006", "pm_card_lu"),
    issued_in("LV", "4000004280000005", "pm_card_lv"),
    issued_in("MT", "4000004700000007", "pm_card_mt"),
    issued_in("MX", "4000004840008001", "pm_card_mx"),
    issued_in("MY", "4000004580000002", "pm_card_my"),
    issued_in("NL", "4000005280000002", "pm_card_nl"),
    issued_in("NO", "4000005780000007", "pm_card_no"),
    issued_in("NZ", "4000005540000008", "pm_card_nz"),
    issued_in("PA", "4000005910000000", "pm_card_pa"),
    issued_in("PE", "4000006040000068", "pm_card_pe"),
    issued_in("PL", "4000006160000005", "pm_card_pl"),
    issued_in("PT", "4000006200000007", "pm_card_pt"),
    issued_in("PY", "4000006000000066", "pm_card_py"),
    issued_in("RO", "4000006420000001", "pm_card_ro"),
    issued_in("SA", "4000006820000007", "pm_card_sa"),
    issued_in("SE", "4000007520000008", "pm_card_se"),
    issued_in("SG", "4000007020000003", "pm_card_sg"),
    issued_in("SI", "4000007050000006", "pm_card_si"),
    issued_in("SK", "4000007030000001", "pm_card_sk"),
    issued_in("TH", "4000007640000003", "pm_card_th_credit"),
    issued_in("TW", "4000001580000008", "pm_card_tw"),
    issued_in("UY", "4000008580000003", "pm_card_uy"),
    ok("5200007840000022", "pm_card_ae_mastercard", "mastercard", "credit", "AE"),
    ok("4000058260000005", "pm_card_gb_debit", "visa", "debit", "GB"),
    ok("5555558265554449", "pm_card_gb_mastercard", "mastercard", "credit", "GB"),
    // Carnet is none of the brands that a card can have.
    ok("5062210000000009", "pm_card_mx_carnet", "unknown", "credit", "MX"),
    ok("3530111333300000", "pm_card_jp_jcb", "jcb", "credit", "JP"),
    ok("4000057640000008", "pm_card_th_debit", "visa", "debit", "TH"),
    visa("4000000000000077", "pm_card_bypassPending"),
    issued_in("IE", "4000003720000278", "pm_card_bypassPendingInternational"),

    declines("4000000000000002", "pm_card_chargeDeclined", "pm_card_visa_chargeDeclined", kGeneric),
    declines("4000000000009995", "pm_card_chargeDeclinedInsufficientFunds",
             "pm_card_visa_chargeDeclinedInsufficientFunds", kInsufficientFunds),
    declines("4000000000009987", "pm_card_chargeDeclinedLostCard",
             "pm_card_visa_chargeDeclinedLostCard", kLost),
    declines("4000000000009979", "pm_card_chargeDeclinedStolenCard",
             "pm_card_visa_chargeDeclinedStolenCard", kStolen),
    declines("4000000000006975", "pm_card_chargeDeclinedVelocityLimitExceeded",
             "pm_card_visa_chargeDeclinedVelocityLimitExceeded", kVelocity),
    declines("4100000000000019", "pm_card_chargeDeclinedFraudulent", "pm_card_radarBlock",
             kFraudulent, Risk::Highest),
    declines("4000000000000069", "pm_card_chargeDeclinedExpiredCard", "", kExpired),
    declines("4000000000000127", "pm_card_chargeDeclinedIncorrectCvc", "", kIncorrectCvc),
    declines("4000000000000119", "pm_card_chargeDeclinedProcessingError", "", kProcessing),

    rated("4000000000004954", "pm_card_riskLevelHighest", Risk::Highest, &kFraudulent),
    rated("4000000000009235", "pm_card_riskLevelElevated", Risk::Elevated),
    checks("4000000000000101", "pm_card_cvcCheckFail", {.cvc = "fail"}),
    checks("4000000000000036", "pm_card_avsZipFail", {.postal_code = "fail"}),
    checks("4000000000000028", "pm_card_avsLine1Fail", {.line1 = "fail"}),
    checks("4000000000000010", "pm_card_avsFail", {.postal_code = "fail", .line1 = "fail"}),
    checks("4000000000000044", "pm_card_avsUnchecked",
           {.postal_code = "unavailable", .line1 = "unavailable"}),

    checks("4000058400307872", "pm_card_cvcCheckFailElevatedRisk", {.cvc = "fail"}, Risk::Elevated),
    checks("4000058400306072", "pm_card_avsZipFailElevatedRisk", {.postal_code = "fail"},
           Risk::Elevated),
    // What Radar blocks or asks only where the seller has chosen so, and payment pages with a
    // captcha: here the charge goes through.
    visa("4000008400000407", "pm_card_highFraudDisputeScore"),
    visa("4000008400000159", "pm_card_highEfwScore"),
    visa("4000008400001017", "pm_card_radarDynamicRiskThreshold"),
    visa("4000008405600003", "pm_card_adaptive3dsChallenge"),
    visa("4000000000001208", "pm_card_captcha_1208"),
    visa("4000000000003725", "pm_card_captcha_3725"),

    declines_later("4000000000000341", "pm_card_chargeCustomerFail",
                   "pm_card_visa_chargeCustomerFail", kGeneric),
    declines_later("4000000000009987", "tok_visa_chargeCustomerFailLostCard", "", kLost),
    declines_later("4000000000009979", "tok_visa_chargeCustomerFailStolenCard", "", kStolen),
    empty_debit_card("4000000000009995", "tok_visa_debit_chargeDeclinedInsufficientFunds"),

    asks("4000002500003155", "pm_card_authenticationRequiredOnSetup", Authentication::UnlessSetUp,
         "FR"),
    asks("4000002760003184", "pm_card_authenticationRequired", Authentication::Always, "DE"),
    asks("4000003800000446", "pm_card_authenticationRequiredSetupForOffSession",
         Authentication::OnSessionOnly, "IT"),
    asks("4000008260003178", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds",
         Authentication::Always, "GB", &kInsufficientFunds),
    asks("4000000000003220", "pm_card_threeDSecure2Required", Authentication::Always, "IE"),
    asks("4000008400000027", "pm_card_threeDSecure2Required_0027", Authentication::Always, "US"),
    asks("4000000000003063", "pm_card_threeDSecureRequired", Authentication::Always, "US"),
    // What distinguishes these is shown by apps on telephones only.
    asks("4000000000003238", "pm_card_threeDSecure_3238", Authentication::Always, "US"),
    asks("4000000000003246", "pm_card_threeDSecure_3246", Authentication::Always, "US"),
    asks("4000000000003253", "pm_card_threeDSecure_3253", Authentication::Always, "US"),
    asks("4000582600000094", "pm_card_threeDSecure_0094", Authentication::Always, "US"),
    asks("4000582600000045", "pm_card_threeDSecure_0045", Authentication::Always, "US"),
    asks("4000582600000102", "pm_card_threeDSecure_0102", Authentication::Always, "US"),
    asks("4000582600000110", "pm_card_threeDSecure_0110", Authentication::Always, "US"),
    asks("4000008400001629", "pm_card_threeDSecureRequiredChargeDeclined", Authentication::Always,
         "US", &kGeneric),
    // The bank's page cannot be reached: the charge is declined, and nobody is asked.
    asks("4000008400001280", "pm_card_threeDSecureRequiredProcessingError", Authentication::Never,
         "US", &kGeneric),
    // The bank lets every charge pass without a question.
    visa("4000000032200000", "pm_card_threeDSecureFrictionless"),
    // Nothing here asks for 3-D Secure where a card does not need it.
    visa("4000000000003055", "pm_card_threeDSecureOptional"),
    visa("4000000000003097", "pm_card_threeDSecureOptionalProcessingError"),

    refunds("4000000000007726", "pm_card_pendingRefund", RefundOutcome::PendingThenSucceeds),
    refunds("4000000000005126", "pm_card_refundFail", RefundOutcome::SucceedsThenFails),

    disputes("4000000000000259", "pm_card_createDispute", CardholderClaim::Fraud),
    disputes("4000000000002685", "pm_card_createDisputeProductNotReceived",
             CardholderClaim::NotReceived),
    disputes("4000000000001976", "pm_card_createDisputeInquiry", CardholderClaim::FraudInquiry),
    // What would spare a seller these disputes, or answer them for him, he has not asked for.
    disputes("4000000404000038", "pm_card_createCe3EligibleDispute", CardholderClaim::Fraud),
    disputes("4000000001000043", "pm_card_createAutoRepresentmentEligibleDispute",
             CardholderClaim::Fraud),
    disputes("4000000404004816", "pm_card_createRapidDisputeResolutionDispute",
             CardholderClaim::Fraud),
    disputes("4000000404005649", "pm_card_createCe3BlockDispute", CardholderClaim::Fraud),
    disputes("5105000300000018", "pm_card_createEthocaAlert", CardholderClaim::Fraud, "mastercard"),
});

constexpr std::string_view kMethodPrefix = "pm_card_";
constexpr std::string_view kTokenPrefix = "tok_";

/// What follows "pm_card_" or "tok_"; "" of any other text.
std::string_view suffix_of(std::string_view name) {
    for (const auto prefix : {kMethodPrefix, kTokenPrefix})
        if (name.starts_with(prefix)) return name.substr(prefix.size());
    return {};
}

bool is_token_only(std::string_view published) { return published.starts_with(kTokenPrefix); }

bool means(std::string_view name, std::string_view published) {
    if (name.empty() || published.empty()) return false;
    return is_token_only(published) ? name == published : suffix_of(name) == suffix_of(published);
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
    return first_card(
        [&](const TestCard& card) { return card.number == number && !is_token_only(card.name); });
}

bool is_lacking(std::string_view number_or_name) {
    const std::string_view suffix = suffix_of(number_or_name);
    const std::string_view wanted = suffix.empty() ? number_or_name : suffix;
    return std::ranges::find(kLacking, wanted) != std::ranges::end(kLacking) ||
           std::ranges::any_of(kLackingAccounts, [&](std::string_view prefix) {
               return number_or_name.starts_with(prefix);
           });
}

Refusal lacking_refusal(std::string_view number_or_name, const std::string& param) {
    const bool account = number_or_name.starts_with("pm_") && suffix_of(number_or_name).empty();
    return bad_param(param, "",
                     "This sandbox does not support the test " +
                         std::string(account ? "account " : "card ") + std::string(number_or_name) +
                         ": see docs/sandbox.md.");
}

const TestCard* card_by_name(std::string_view name) {
    if (suffix_of(name).empty()) return nullptr;
    const auto further = std::ranges::find(kFurtherNames, name, &FurtherName::name);
    const std::string_view wanted =
        further == std::ranges::end(kFurtherNames) ? name : further->card;
    return first_card([&](const TestCard& card) {
        return means(wanted, card.name) || means(wanted, card.alias);
    });
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
