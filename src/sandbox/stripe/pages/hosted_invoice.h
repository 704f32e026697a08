#pragma once

#include "sandbox/stripe/core/pages.h"

/// The hosted page of an invoice and the bank's question (3-D Secure) that paying it may raise.
/// `?session=bps_..` says which portal session to lead back to.
namespace turnpike::twin {

PageAnswer show_invoice(PageRequest& page);
PageAnswer pay_hosted_invoice(PageRequest& page);
PageAnswer ask_to_authenticate(PageRequest& page);
PageAnswer authenticate_on_page(PageRequest& page);

}  // namespace turnpike::twin
