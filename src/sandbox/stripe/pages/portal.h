#pragma once

#include <chrono>
#include <span>

#include "sandbox/stripe/core/context.h"
#include "sandbox/stripe/core/feature.h"
#include "sandbox/stripe/core/pages.h"

/// The hosted pages: the customer portal, an invoice, and the bank's question (3-D Secure). Plain
/// HTML with forms; they work without scripts.
namespace turnpike::twin {

const Feature& portal_feature();
const Feature& portal_page_feature();

/// A portal link must be opened within this time, and ends this long after its last use.
inline constexpr std::chrono::minutes kPortalUnopened{5};
inline constexpr std::chrono::minutes kPortalIdle{60};
bool is_session_expired(const Json& session, Instant now);
/// 404: the link leads nowhere any more.
PageAnswer expired_page();

}  // namespace turnpike::twin
