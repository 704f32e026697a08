#include "sandbox/razorpay/unsupported.h"

#include <array>
#include <string>

#include "http/status.h"

namespace turnpike::twin::razorpay {
namespace {

using http::Method;

constexpr auto kMissing = std::to_array<http::Router::Entry>({
    {Method::Get, "/v1/cards/{id}"},
    {Method::Post, "/v1/cards/fingerprints"},
    {Method::Post, "/v1/customers/eligibility"},
    {Method::Get, "/v1/customers/eligibility/{id}"},
    {Method::Post, "/v1/customers/{id}/bank_account"},
    {Method::Delete, "/v1/customers/{id}/bank_account/{account}"},
    {Method::Get, "/v1/customers/{id}/tokens"},
    {Method::Get, "/v1/customers/{id}/tokens/{token}"},
    {Method::Delete, "/v1/customers/{id}/tokens/{token}"},
    {Method::Get, "/v1/disputes"},
    {Method::Get, "/v1/disputes/{id}"},
    {Method::Post, "/v1/disputes/{id}/accept"},
    {Method::Patch, "/v1/disputes/{id}/contest"},
    {Method::Post, "/v1/documents"},
    {Method::Get, "/v1/documents/{id}"},
    {Method::Get, "/v1/fund_accounts"},
    {Method::Post, "/v1/fund_accounts"},
    {Method::Get, "/v1/iins/list"},
    {Method::Get, "/v1/iins/{iin}"},
    {Method::Get, "/v1/items"},
    {Method::Post, "/v1/items"},
    {Method::Get, "/v1/items/{id}"},
    {Method::Patch, "/v1/items/{id}"},
    {Method::Delete, "/v1/items/{id}"},
    {Method::Get, "/v1/methods"},
    {Method::Get, "/v1/orders/{id}/"},
    {Method::Post, "/v1/orders/{id}/fulfillment"},
    {Method::Post, "/v1/orders/{id}/rto_review"},
    {Method::Get, "/v1/payment_links"},
    {Method::Post, "/v1/payment_links"},
    {Method::Get, "/v1/payment_links/{id}"},
    {Method::Patch, "/v1/payment_links/{id}"},
    {Method::Post, "/v1/payment_links/{id}/cancel"},
    {Method::Post, "/v1/payment_links/{id}/notify_by/{medium}"},
    {Method::Post, "/v1/payments/create/json"},
    {Method::Post, "/v1/payments/create/recurring"},
    {Method::Post, "/v1/payments/create/upi"},
    {Method::Get, "/v1/payments/downtimes"},
    {Method::Get, "/v1/payments/downtimes/{id}"},
    {Method::Get, "/v1/payments/qr_codes"},
    {Method::Post, "/v1/payments/qr_codes"},
    {Method::Get, "/v1/payments/qr_codes/{id}"},
    {Method::Post, "/v1/payments/qr_codes/{id}/close"},
    {Method::Get, "/v1/payments/qr_codes/{id}/payments"},
    {Method::Post, "/v1/payments/validate/vpa"},
    {Method::Get, "/v1/payments/{id}/bank_transfer"},
    {Method::Get, "/v1/payments/{id}/card"},
    {Method::Post, "/v1/payments/{id}/otp/resend"},
    {Method::Post, "/v1/payments/{id}/otp/submit"},
    {Method::Post, "/v1/payments/{id}/otp_generate"},
    {Method::Get, "/v1/payments/{id}/transfers"},
    {Method::Post, "/v1/payments/{id}/transfers"},
    {Method::Get, "/v1/settlements"},
    {Method::Get, "/v1/settlements/ondemand"},
    {Method::Post, "/v1/settlements/ondemand"},
    {Method::Get, "/v1/settlements/ondemand/{id}"},
    {Method::Get, "/v1/settlements/recon/combined"},
    {Method::Get, "/v1/settlements/{id}"},
    {Method::Post, "/v1/subscription_registration/auth_links"},
    {Method::Delete, "/v1/subscriptions/{id}/{offer}"},
    {Method::Post, "/v1/tokens"},
    {Method::Post, "/v1/tokens/delete"},
    {Method::Post, "/v1/tokens/fetch"},
    {Method::Post, "/v1/tokens/service_provider_tokens/token_transactional_data"},
    {Method::Get, "/v1/transfers"},
    {Method::Post, "/v1/transfers"},
    {Method::Get, "/v1/transfers/{id}"},
    {Method::Patch, "/v1/transfers/{id}"},
    {Method::Post, "/v1/transfers/{id}/reversals"},
    {Method::Get, "/v1/virtual_accounts"},
    {Method::Post, "/v1/virtual_accounts"},
    {Method::Get, "/v1/virtual_accounts/{id}"},
    {Method::Post, "/v1/virtual_accounts/{id}/allowed_payers"},
    {Method::Delete, "/v1/virtual_accounts/{id}/allowed_payers/{payer}"},
    {Method::Post, "/v1/virtual_accounts/{id}/close"},
    {Method::Get, "/v1/virtual_accounts/{id}/payments"},
    {Method::Post, "/v1/virtual_accounts/{id}/receivers"},
    {Method::Post, "/v2/accounts"},
    {Method::Get, "/v2/accounts/{id}"},
    {Method::Patch, "/v2/accounts/{id}"},
    {Method::Delete, "/v2/accounts/{id}"},
    {Method::Get, "/v2/accounts/{id}/documents"},
    {Method::Post, "/v2/accounts/{id}/documents"},
    {Method::Post, "/v2/accounts/{id}/products"},
    {Method::Get, "/v2/accounts/{id}/products/{product}"},
    {Method::Patch, "/v2/accounts/{id}/products/{product}"},
    {Method::Get, "/v2/accounts/{id}/stakeholders"},
    {Method::Post, "/v2/accounts/{id}/stakeholders"},
    {Method::Get, "/v2/accounts/{id}/stakeholders/{stakeholder}"},
    {Method::Patch, "/v2/accounts/{id}/stakeholders/{stakeholder}"},
    {Method::Get, "/v2/accounts/{id}/stakeholders/{stakeholder}/documents"},
    {Method::Post, "/v2/accounts/{id}/stakeholders/{stakeholder}/documents"},
    {Method::Get, "/v2/products/{product}/tnc"},
});

}  // namespace

MissingOperations::MissingOperations() : router_(kMissing) {}

std::optional<Refusal> MissingOperations::refusal_of(const http::Request& request) const {
    http::Request asked;
    asked.method = request.method;
    asked.path = request.path;
    const auto match = router_.match(asked);
    if (!match.found) return std::nullopt;
    const auto& operation = kMissing.at(match.index);
    return bad_request("The sandbox does not have " + std::string(http::to_text(operation.method)) +
                       " " + std::string(operation.pattern) + ".");
}

}  // namespace turnpike::twin::razorpay
