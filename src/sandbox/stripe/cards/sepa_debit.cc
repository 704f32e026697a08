#include "sandbox/stripe/cards/sepa_debit.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/letter_case.h"
#include "sandbox/documents.h"
#include "sandbox/stripe/cards/blank_method.h"
#include "sandbox/stripe/wire/fields.h"

namespace turnpike::twin {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Decline kDebitFailed{"payment_intent_payment_attempt_failed", "", "", "",
                               "The payment failed."};
constexpr Decline kAccountEmpty{"insufficient_funds", "", "", "",
                                "The bank account has insufficient funds."};

constexpr seconds kBankSoon{1};
constexpr minutes kBankSlow{3};

constexpr auto kTestAccounts = std::to_array<TestBankAccount>({
    {"AT611904300234573201", kBankSoon},
    {"AT321904300235473204", kBankSlow},
    {"AT861904300235473202", kBankSoon, &kDebitFailed},
    {"AT051904300235473205", kBankSlow, &kDebitFailed},
    {"AT981904300002222227", kBankSoon, &kAccountEmpty},
    {"IT60X0542811101000000123456", kBankSoon, &kDebitFailed},
});

const TestBankAccount* account_by_iban(std::string_view iban) {
    const auto found = std::ranges::find(kTestAccounts, iban, &TestBankAccount::iban);
    return found == kTestAccounts.end() ? nullptr : &*found;
}

bool is_iban_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// In the form that is printed in groups of four, or without spaces; in any case of letters.
std::string plain_iban(std::string text) {
    std::erase(text, ' ');
    return upper_case(text);
}

/// ISO 13616: the country and check digits behind the rest, letters as 10 to 35, are 1 modulo 97.
bool is_iban(std::string_view text) {
    constexpr std::size_t kShortest = 15;
    constexpr std::size_t kLongest = 34;
    if (text.size() < kShortest || text.size() > kLongest) return false;
    if (!is_capital(text[0]) || !is_capital(text[1])) return false;
    int remainder = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[(i + 4) % text.size()];
        if (!is_iban_digit(c) && !is_capital(c)) return false;
        remainder = is_iban_digit(c) ? (remainder * 10 + (c - '0')) % 97
                                     : (remainder * 100 + (c - 'A' + 10)) % 97;
    }
    return remainder == 1;
}

/// Where the bank's and the branch's numbers stand differs by country.
Json bank_codes(std::string_view iban) {
    Json codes{{"bank_code", nullptr}, {"branch_code", nullptr}};
    if (iban.starts_with("AT")) codes["bank_code"] = std::string(iban.substr(4, 5));
    if (iban.starts_with("IT")) {
        codes["bank_code"] = std::string(iban.substr(5, 5));
        codes["branch_code"] = std::string(iban.substr(10, 5));
    }
    return codes;
}

Json bank_payment_method(Context& ctx, std::string_view iban) {
    Json method = blank_payment_method(ctx, "sepa_debit");
    method["_iban"] = std::string(iban);
    Json& debit = method["sepa_debit"];
    debit = bank_codes(iban);
    debit["country"] = std::string(iban.substr(0, 2));
    debit["fingerprint"] = fingerprint_of(ctx.account(), iban);
    debit["generated_from"] = {{"charge", nullptr}, {"setup_attempt", nullptr}};
    debit["last4"] = std::string(iban.substr(iban.size() - 4));
    return method;
}

}  // namespace

std::span<const TestBankAccount> test_bank_accounts() { return kTestAccounts; }

const TestBankAccount* bank_account_of(const Json& payment_method) {
    return account_by_iban(text_of(payment_method, "_iban"));
}

Outcome<Json> read_sepa_debit(Context& ctx, Params& params) {
    auto given = params.object("sepa_debit");
    if (!given) return missing_param(params.name_of("sepa_debit"));
    const auto iban = plain_iban(given->required_text("iban"));
    params.absorb(*given);
    const std::string where = given->name_of("iban");
    if (!iban.empty() && !is_iban(iban))
        params.complain(bad_param(where, "", "The IBAN you provided is invalid."));
    else if (!iban.empty() && account_by_iban(iban) == nullptr)
        params.complain(
            bad_param(where, "",
                      "This sandbox does not know the bank account of this IBAN. It knows "
                      "six of Stripe's test accounts, such as AT611904300234573201."));
    if (iban.empty() || account_by_iban(iban) == nullptr) return Refusal(*params.complaint());

    Json method = bank_payment_method(ctx, iban);
    set_billing_details(params, method);
    for (const char* needed : {"name", "email"})
        if (text_of(method.at("billing_details"), needed).empty())
            params.complain(missing_param("billing_details[" + std::string(needed) + "]"));
    return method;
}

}  // namespace turnpike::twin
