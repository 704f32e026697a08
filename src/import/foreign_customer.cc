#include "import/foreign_customer.h"

#include "import/foreign_text.h"

namespace turnpike {

Remark make_remark(Remark::Kind kind, std::string_view code, std::string_view place,
                   std::string_view detail) {
    return {kind, std::string(code), shown(place), shown(detail)};
}

void ForeignCustomer::note(std::string_view code, std::string_view where, std::string_view detail) {
    auto remark = make_remark(Remark::Kind::Note, code, where, detail);
    // One row may give cause several times over: of each of its counters, say.
    if (remarks.empty() || remarks.back() != remark) remarks.push_back(std::move(remark));
}

void ForeignCustomer::refuse(std::string_view code, std::string_view where,
                             std::string_view detail) {
    is_refused = true;
    remarks.push_back(make_remark(Remark::Kind::Refused, code, where, detail));
}

void ForeignCustomer::refuse_subscription(std::string_view code, std::string_view where,
                                          std::string_view detail) {
    refuse(code, where, detail);
    ++unread_subscriptions;
}

}  // namespace turnpike
