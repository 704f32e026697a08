#include "sandbox/stripe/wire/inert_parameters.h"

namespace turnpike::twin {

void ignore_object(Params& params, std::string_view name,
                   std::initializer_list<std::string_view> members) {
    auto given = params.object(name);
    if (!given) return;
    for (const auto member : members) given->ignore(member);
    params.absorb(*given);
}

void refuse_tax(Params& params) {
    auto tax = params.object("automatic_tax");
    if (!tax) return;
    if (tax->boolean("enabled").value_or(false))
        tax->complain(
            bad_param(tax->name_of("enabled"), "", "This sandbox does not compute taxes."));
    tax->ignore("liability");
    params.absorb(*tax);
}

}  // namespace turnpike::twin
