#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "json/json.h"
#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"

/// Disputes: what cardholders claim back through their bank. A test card (CardholderClaim) disputes
/// its charge in the second of the charge; two pieces of evidence decide the case.
namespace turnpike::twin {

/// Disputes a captured charge when its card does so: raises charge.dispute.created and, for a
/// chargeback, charge.dispute.funds_withdrawn. The charge must exist.
void dispute_as_card_says(Context& ctx, const std::string& charge);

/// Why a disputed charge cannot be refunded; nullopt when it can.
std::optional<StripeError> charged_back(Context& ctx, const Json& charge);

/// An inquiry has a case but no money in it; its states begin with "warning_".
bool is_inquiry(const Json& dispute);
/// Waits for the seller's evidence.
bool needs_response(const Json& dispute);
bool is_closed(const Json& dispute);

/// How the bank decides. An inquiry is closed either way.
enum class Verdict : std::uint8_t { Won, Lost };
/// Closes an open dispute, stores it and raises charge.dispute.closed; before that, a chargeback
/// that was won returns the money and raises charge.dispute.funds_reinstated.
Json close_dispute(Context& ctx, Json dispute, Verdict verdict);

/// Makes a chargeback of an inquiry: what was not refunded is withdrawn, and evidence is wanted
/// once more. Where nothing is left to withdraw, nothing happens.
void escalate_inquiry(Context& ctx, Json dispute);

const Feature& dispute_feature();

}  // namespace turnpike::twin
