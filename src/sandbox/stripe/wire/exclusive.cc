#include "sandbox/stripe/wire/exclusive.h"

#include <string>

namespace turnpike::twin {

Refusal only_one_of(const Params& params, std::string_view one, std::string_view other) {
    auto refusal = only_one_of(one, other);
    refusal.error().param = params.name_of(one);
    return refusal;
}

Refusal only_one_of(std::string_view one, std::string_view other) {
    return bad_param(std::string(one), "",
                     "You may only specify one of these parameters: " + std::string(one) + ", " +
                         std::string(other) + ".");
}

}  // namespace turnpike::twin
