#include "turnpike/client/event.h"

#include <utility>

namespace turnpike::client {
namespace {

Event correcting(std::string customer, Correction correction) {
    Event event{.customer = std::move(customer), .meter = {}};
    event.correction = std::move(correction);
    return event;
}

}  // namespace

Event void_event(std::string customer, EventName corrects) {
    return correcting(std::move(customer),
                      {.kind = Correction::Kind::Void, .corrects = std::move(corrects)});
}

Event amend_event(std::string customer, EventName corrects, std::string quantity) {
    return correcting(std::move(customer), {.kind = Correction::Kind::Amend,
                                            .corrects = std::move(corrects),
                                            .quantity = std::move(quantity)});
}

}  // namespace turnpike::client
