#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "json/value.h"
#include "sandbox/stripe/wire/params.h"

/// What a request for a credit note says, or for the preview of one.
namespace turnpike::twin {

struct CreditLineRequest {
    std::string param;         ///< "lines[0]", for complaints
    std::string invoice_line;  ///< the line that is credited; "" for a custom line
    std::optional<std::int64_t> amount, quantity;
    Json unit;  ///< of a custom line: its unit_amount and unit_amount_decimal
    std::string description;
};
struct LinkedRefund {
    std::string param;
    std::string refund;
    std::optional<std::int64_t> amount;  ///< nullopt: all of it
};
struct CreditRequest {
    std::string invoice;
    std::optional<std::int64_t> amount;
    std::vector<CreditLineRequest> lines;
    std::vector<LinkedRefund> refunds;
    std::optional<std::int64_t> refund_amount, credit_amount, out_of_band_amount;
    std::optional<Instant> effective_at;
    std::optional<std::string> memo, reason;
    std::optional<Json> metadata;
};
/// Complaints, also about what this sandbox has not (taxes, shipping), are left in `params`.
CreditRequest read_credit_request(Params& params);

}  // namespace turnpike::twin
