#include "base/id.h"

using namespace turnpike;

void cancel(const SubscriptionId&);

void caller(const CustomerId& customer, const SubscriptionId& subscription) {
    cancel(subscription);
#ifdef TURNPIKE_BAD_LINE
    cancel(customer);
#endif
    static_cast<void>(customer);
}
