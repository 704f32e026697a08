#include "sandbox/stripe/wire/currencies.h"

#include <cstddef>

#include "base/letter_case.h"

namespace turnpike::twin {
namespace {

// docs.stripe.com/currencies, "Supported presentment currencies"; three letters and a space each.
constexpr std::string_view kCodes =
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp "
    "byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip "
    "gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt "
    "lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr "
    "nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd "
    "std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar "
    "zmw ";

std::string all_codes() {
    std::string text;
    for (std::size_t at = 0; at < kCodes.size(); at += 4)
        text += (at == 0 ? "" : ", ") + std::string(kCodes.substr(at, 3));
    return text;
}

}  // namespace

bool is_stripe_currency(std::string_view lower_case_code) {
    if (lower_case_code.size() != 3) return false;
    for (std::size_t at = 0; at < kCodes.size(); at += 4)
        if (kCodes.substr(at, 3) == lower_case_code) return true;
    return false;
}

std::int64_t charge_step(std::string_view currency) {
    // docs.stripe.com/currencies, "Special cases" and "Three-decimal currencies".
    if (currency == "isk" || currency == "ugx") return 100;
    for (const char* code : {"bhd", "jod", "kwd", "omr", "tnd"})
        if (currency == code) return 10;
    return 1;
}

std::string read_optional_currency(Params& params) {
    return params.has("currency") ? read_currency(params) : "";
}

std::string read_currency(Params& params, std::string_view name) {
    const auto given = params.required_text(name);
    auto code = lower_case(given);
    if (is_stripe_currency(code)) return code;
    params.complain(unknown_currency(params.name_of(name), given));
    return "";
}

Refusal unknown_currency(const std::string& param, const std::string& given) {
    return bad_param(param, "",
                     "Invalid currency: " + given +
                         ". Stripe currently supports these currencies: " + all_codes());
}

}  // namespace turnpike::twin
