#pragma once

#include <chrono>
#include <optional>
#include <span>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/pages.h"

/// The hosted pages: the customer portal, an invoice, and the bank's question (3-D Secure). Plain
/// HTML with forms; they work without scripts.
namespace turnpike::twin {

const Feature& portal_feature();
const Feature& portal_page_feature();

/// The configuration that applies where none is named; nullopt until one is needed.
std::optional<Json> find_default_configuration(Context& ctx);

/// A portal link must be opened within this time, and ends this long after its last use.
inline constexpr std::chrono::minutes kPortalUnopened{5};
inline constexpr std::chrono::minutes kPortalIdle{60};
bool is_session_expired(const Json& session, Instant now);
/// 404: the link leads nowhere any more.
PageAnswer expired_page();

}  // namespace turnpike::twin
